/** What an operator counts of the registry and its jobs. Whoever starts them hands one in; none of it may name anybody or anything. */
export interface Counters {
  /** The bytes of a manifest were sent; a HEAD sends none. */
  manifestPulled(): void;
  manifestPushed(): void;
  /** A blob was sent here and is whole; a mount is no upload. */
  blobUploaded(): void;
  /** A password, an access token or a refresh token did not hold. */
  loginFailed(): void;
  /** A run of the collector ended. @param bytesFreed of manifests, blobs and objects that it deleted */
  garbageRun(result: GarbageResult, bytesFreed: number): void;
  /** @param job a name of the table of jobs */
  jobFailed(job: string): void;
}

/** `frozen`: deleting was not safe, so nothing was done. */
export type GarbageResult = 'done' | 'frozen' | 'failed';
