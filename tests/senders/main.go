package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/redis/go-redis/v9"
)

func main() {
	r := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + os.Args[1]})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		of := strings.Split(lines.Text(), "\t")
		fmt.Println(maySend(context.Background(), r, of[0], of[1], of[2]))
	}
}
