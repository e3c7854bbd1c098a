/**
 * The last word on a page's size. What each part may take keeps most pages far below what a page may have; where all parts are
 * at their limits at once, the model is made smaller step by step. The model counts what goes, so that the page says it. What
 * cannot go any further is bounded: rows of segments and of partitions, figures, notes.
 */
import { SEVERITIES } from '../inspect/findings/finding.ts';
import type { FindingRow, PartitionDetail, ReportModel } from './contract.ts';
import { withFewerGroups } from './explained.ts';

/** The model with less in it, what is missed least having gone; undefined when there is nothing left that could go. */
export function smaller(model: ReportModel): ReportModel | undefined {
  return withoutLastDetail(model) ?? withSmallerDetail(model) ?? withFewerFindings(model);
}

/** One partition fewer is shown closely: the last one has fewer faults than the others, or is smaller. */
function withoutLastDetail(model: ReportModel): ReportModel | undefined {
  const last = model.details.length - 1;
  if (last < 1) return undefined;
  const partitions = model.partitions.map((row) => (row.detail === last ? { ...row, detail: -1 } : row));
  return { ...model, partitions, details: model.details.slice(0, last) };
}

function withSmallerDetail(model: ReportModel): ReportModel | undefined {
  const [detail] = model.details;
  const less = detail && (withFewerRecords(detail) ?? withLessExplained(detail));
  return less && { ...model, details: [less] };
}

/** Every second record. */
function withFewerRecords(detail: PartitionDetail): PartitionDetail | undefined {
  const { records } = detail.sample;
  if (records.length === 0) return undefined;
  // The only one that is left goes too.
  const left = records.filter((_, at) => at % 2 === 1);
  return { ...detail, sample: { ...detail.sample, records: left, isAll: false } };
}

function withLessExplained(detail: PartitionDetail): PartitionDetail | undefined {
  const explained = withFewerGroups(detail.explained);
  return explained && { ...detail, explained };
}

/** Half of the findings, the worst of them. */
function withFewerFindings(model: ReportModel): ReportModel | undefined {
  const { findings } = model;
  const { length } = findings.rows;
  if (length === 0) return undefined;
  const worst = new Set([...findings.rows].sort((a, b) => rank(b) - rank(a)).slice(0, Math.floor(length / 2)));
  const rows = findings.rows.filter((row) => worst.has(row));
  const codes = new Set(rows.map(({ code }) => code));
  const pages = Object.fromEntries(Object.entries(findings.pages).filter(([code]) => codes.has(code)));
  return { ...model, findings: { ...findings, rows, pages, omitted: findings.omitted + length - rows.length } };
}

function rank({ severity }: FindingRow): number {
  return SEVERITIES.indexOf(severity);
}
