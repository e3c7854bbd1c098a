/** The names in a log's directory: how many changes of them there were, and how many of those are on the disk. */
import type { FileSystem } from '../fs/contract.ts';

/** Files of one directory that are made, renamed and removed. */
export class DirectoryNames {
  readonly #fs: FileSystem;
  readonly #directory: string;
  #changes: number;
  /** So many of the changes are on the disk, the first ones. */
  #synced = 0;

  /** @param isDoubtful whether names that are there may not be on the disk, whoever made them */
  constructor(fs: FileSystem, directory: string, isDoubtful: boolean) {
    this.#fs = fs;
    this.#directory = directory;
    this.#changes = isDoubtful ? 1 : 0;
  }

  /** Names were changed. */
  changed(): void {
    this.#changes++;
  }

  /** What was changed before the call is on the disk once this resolves. Off the calling thread. @throws SeglogError `IO` */
  async sync(): Promise<void> {
    const changes = this.#changes;
    if (changes === this.#synced) return;
    await this.#fs.syncDirectoryAsync(this.#directory);
    // Another one that began later may have ended before.
    this.#synced = Math.max(this.#synced, changes);
  }

  /** The same, before it returns, whatever is under way on another thread. @throws SeglogError `IO` */
  syncSync(): void {
    if (this.#changes === this.#synced) return;
    this.#fs.syncDirectory(this.#directory);
    this.#synced = this.#changes;
  }
}
