<?php
$redis = new Redis();
$redis->connect('127.0.0.1', (int) $argv[1]);
while (($line = fgets(STDIN)) !== false) {
    [$recipient, $account, $stream] = explode("\t", rtrim($line, "\n"));
    echo may_send($redis, $recipient, $account, $stream) ? "true\n" : "false\n";
}
