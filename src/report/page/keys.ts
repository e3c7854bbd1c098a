/** Keys and producers. */
import type { Figures } from '../contract.ts';
import { bar } from './bar.ts';
import { el } from './dom.ts';
import { fieldElement } from './field.ts';
import { count, counted, share } from './format.ts';
import { table } from './table.ts';

/** The most frequent keys, and who wrote. */
export function keysAndProducers(figures: Figures): HTMLElement {
  return el('div', { class: 'charts' }, keysPart(figures), producersPart(figures));
}

function keysPart({ keys, topKeys, records }: Figures): HTMLElement {
  const { distinct, isExact, withKey, withoutKey, tombstones } = keys;
  const about = isExact ? '' : 'about ';
  const said =
    `${about}${counted(distinct, 'different key')}: ${counted(withKey, 'record')} with a key, ` +
    `${counted(withoutKey, 'record')} without, ${counted(tombstones, 'tombstone')}.`;
  const most = topKeys[0]?.recordsAtMost ?? 1;
  const rows = topKeys.map(({ key, isCut, records: least, recordsAtMost }) => ({
    cells: [
      el('span', { class: 'cell' }, fieldElement(key), isCut ? ' …' : null),
      bar(least / most),
      least === recordsAtMost ? count(least) : `${count(least)} to ${count(recordsAtMost)}`,
      share(least, records),
    ],
  }));
  const columns = [
    { name: 'key' },
    { name: 'of the first' },
    { name: 'records', isNumber: true },
    { name: 'share', isNumber: true },
  ];
  return el(
    'div',
    {},
    el('h3', {}, 'Frequent keys'),
    el('p', {}, said),
    rows.length === 0 ? null : table({ label: 'Frequent keys', columns, rows }),
  );
}

function producersPart({ producers }: Figures): HTMLElement {
  const { distinct, isExact, idempotentBatches, transactionalBatches, commits, aborts, openTransactions } = producers;
  const said =
    distinct === 0
      ? 'No batch has a producer id.'
      : `${isExact ? '' : 'About '}${counted(distinct, 'producer')}: ${counted(idempotentBatches, 'idempotent batch', 'idempotent batches')}, ` +
        `${counted(transactionalBatches, 'transactional one')}; ${counted(commits, 'commit')}, ${counted(aborts, 'abort')}, ` +
        `${counted(openTransactions, 'transaction')} open.`;
  const rows = producers.producers.map(({ producerId, lastEpoch, batches, records, openSince }) => ({
    cells: [
      producerId,
      count(lastEpoch),
      count(batches),
      count(records),
      openSince === null ? 'none' : count(openSince),
    ],
  }));
  return el(
    'div',
    {},
    el('h3', {}, 'Producers'),
    el('p', {}, said),
    rows.length === 0
      ? null
      : table({
          label: 'Producers with the most records',
          columns: ['producer id', 'epoch', 'batches', 'records', 'open since offset'].map((name) => ({
            name,
            isNumber: true,
          })),
          rows,
        }),
  );
}
