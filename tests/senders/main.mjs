import { createInterface } from 'node:readline';
import { createClient } from 'redis';
import { maySend } from './sender.mjs';

const redis = await createClient({ url: `redis://127.0.0.1:${process.argv[2]}` }).connect();
for await (const line of createInterface({ input: process.stdin })) {
  console.log(await maySend(redis, ...line.split('\t')));
}
await redis.disconnect();
