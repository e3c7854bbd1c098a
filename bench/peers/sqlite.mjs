/** better-sqlite3: a table of numbered blobs, a prepared insert, a transaction a batch. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';

export function openStore(directory, { durable }) {
  mkdirSync(directory, { recursive: true });
  const database = new Database(path.join(directory, 'log.sqlite'));
  database.pragma('journal_mode = WAL');
  database.pragma(`synchronous = ${durable ? 'FULL' : 'OFF'}`);
  database.exec('CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, value BLOB NOT NULL)');
  const insert = database.prepare('INSERT INTO log (id, value) VALUES (?, ?)');
  const select = database.prepare('SELECT value FROM log WHERE id = ?').pluck();
  const all = database.prepare('SELECT value FROM log ORDER BY id').pluck();
  const appendBatch = database.transaction((first, values) => {
    for (let i = 0; i < values.length; i++) insert.run(first + i, values[i]);
  });
  return {
    appendBatch,
    appendOne: (record, value) => void insert.run(record, value),
    appendDurably: (record, value) => void insert.run(record, value),
    scan(see) {
      for (const value of all.iterate()) see(value);
    },
    get: (record) => select.get(record),
    settle: () => {},
    close: () => database.close(),
  };
}
