/** Prometheus' way to the metrics of a store that runs: `GET /metrics` on this machine, and on no other. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type * as PromModule from 'prom-client';
import { SeglogError } from '../../errors/errors.ts';
import type { MetricSource } from '../../metrics/families.ts';
import { registerMetrics } from '../../metrics/prometheus.ts';

const HOST = '127.0.0.1';
const PATH = '/metrics';

type PromClient = typeof PromModule;

/** Listens from the beginning on, and answers once it knows whom to ask. */
export class MetricsServer {
  readonly #prom: PromClient;
  readonly #registry: PromModule.Registry;
  readonly #server: Server;

  private constructor(prom: PromClient) {
    this.#prom = prom;
    this.#registry = new prom.Registry();
    this.#server = createServer((request, response) => void this.#answer(request.method, request.url, response));
  }

  /**
   * @param port 0: any that is free
   * @throws SeglogError `IO` when the port cannot be had
   */
  static async listen(port: number): Promise<MetricsServer> {
    // Loaded only where it is asked for. The command line is bundled with it; the library asks its caller for it.
    const made = new MetricsServer(await import('prom-client'));
    await new Promise<void>((resolve, reject) => {
      made.#server.once('error', (error: NodeJS.ErrnoException) => reject(refused(port, error)));
      made.#server.listen(port, HOST, resolve);
    });
    return made;
  }

  /** Where it is to be found. */
  get url(): string {
    const address = this.#server.address();
    return `http://${HOST}:${typeof address === 'object' ? (address?.port ?? 0) : 0}${PATH}`;
  }

  /** From now on these metrics are given. */
  serve(source: MetricSource): void {
    registerMetrics(source, this.#prom, this.#registry);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(method: string | undefined, url: string | undefined, response: ServerResponse): Promise<void> {
    if (url !== PATH || (method !== 'GET' && method !== 'HEAD')) {
      response.writeHead(url === PATH ? 405 : 404).end();
      return;
    }
    try {
      const text = await this.#registry.metrics();
      response.writeHead(200, { 'content-type': this.#registry.contentType }).end(text);
    } catch {
      response.writeHead(500).end();
    }
  }
}

function refused(port: number, error: NodeJS.ErrnoException): SeglogError {
  return new SeglogError('IO', `the port ${port} cannot be had on ${HOST}: ${error.message}`, {
    ...(error.code === undefined ? {} : { errno: error.code }),
    cause: error,
  });
}
