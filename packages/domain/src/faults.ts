/**
 * The places at which tests may make a process die, fail or wait. Named after what has just happened;
 * a name that ends in `ing` lies inside the transaction, before its commit.
 */
export type FaultPoint =
  // uploads: bytes on their way to being a blob
  | 'upload.staged'
  | 'upload.recorded'
  | 'upload.committed'
  // content: rows that make bytes visible
  | 'blob.linking'
  | 'blob.linked'
  | 'blob.mounting'
  | 'blob.unlinking'
  | 'manifest.locked'
  | 'manifest.storing'
  | 'manifest.stored'
  | 'manifest.deleting'
  // garbage collection, in the order of its steps
  | 'garbage.planned'
  | 'garbage.manifests.deleting'
  | 'garbage.links.deleting'
  | 'garbage.blobs.marking'
  | 'garbage.blobs.marked'
  | 'garbage.bytes.deleted'
  | 'garbage.blobs.deleted'
  | 'garbage.object.swept';

/**
 * What a test does at these places: return, wait, throw, or end the process. The product is never given one, so that
 * `await ctx.faults?.('blob.linked')` is a look at an absent property.
 */
export type Faults = (point: FaultPoint) => Promise<void> | void;
