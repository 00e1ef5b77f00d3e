// Holds a database locked for writing until it is told to let go.
import { DatabaseSync } from 'node:sqlite';

const path = JSON.parse(process.argv.at(-1) as string) as string;
const db = new DatabaseSync(path);
db.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE');
console.log(JSON.stringify('locked'));
process.stdin.once('data', () => {
  db.exec('COMMIT');
  db.close();
  process.stdin.destroy();
});
