import { deleteBlob } from '../blobs/delete-blob.ts';
import { getBlob } from '../blobs/get-blob.ts';
import { mountBlob } from '../blobs/mount-blob.ts';
import { listCatalog } from '../catalog/list-catalog.ts';
import { deleteManifest } from '../manifests/delete-manifest.ts';
import { getManifest } from '../manifests/get-manifest.ts';
import { putManifest } from '../manifests/put-manifest.ts';
import { listReferrers } from '../referrers/list-referrers.ts';
import { listTags } from '../tags/list-tags.ts';
import { token } from '../token/token-endpoint.ts';
import { appendChunk } from '../uploads/append-chunk.ts';
import { cancelUpload } from '../uploads/cancel-upload.ts';
import { completeUpload } from '../uploads/complete-upload.ts';
import { startUpload } from '../uploads/start-upload.ts';
import { uploadStatus } from '../uploads/upload-status.ts';
import type { Handler } from './exchange.ts';
import type { RegistryRequest } from './parse-request.ts';
import { ping } from './ping.ts';

/**
 * What a caller needs before a handler runs; the router asks, so that no handler can forget to (T1).
 * `create` is push on a repository that may not exist yet, `foresee` is pull on one, by somebody who could make it.
 */
export type Need = 'nothing' | 'someone' | 'pull' | 'foresee' | 'push' | 'create' | 'delete';

/** Also of a shape that several kinds share. */
type OfKind<Kind> = RegistryRequest extends infer Request
  ? Request extends { kind: infer Kinds }
    ? Kind extends Kinds
      ? Request & { readonly kind: Kind }
      : never
    : never
  : never;
interface Row<Kind extends RegistryRequest['kind']> {
  readonly spec: string;
  readonly needs: Need;
  /** Its verb's statement looks at the rights itself, so it may begin on those that were seen a moment ago. */
  readonly believes?: true;
  readonly handle: Handler<OfKind<Kind>>;
}

/** The whole registry on one screen: kind of request, the specification's id, what it needs, who answers. */
// prettier-ignore
export const endpoints = {
  ping:           { spec: 'end-1',  needs: 'someone', handle: ping },
  token:          { spec: 'token',  needs: 'nothing', handle: token },
  catalog:        { spec: 'docker', needs: 'someone', handle: listCatalog },
  getBlob:        { spec: 'end-2',  needs: 'pull',    handle: getBlob },
  getManifest:    { spec: 'end-3',  needs: 'pull',    handle: getManifest },
  startUpload:    { spec: 'end-4',  needs: 'create',  handle: startUpload, believes: true },
  appendChunk:    { spec: 'end-5',  needs: 'push',    handle: appendChunk },
  completeUpload: { spec: 'end-6',  needs: 'push',    handle: completeUpload, believes: true },
  putManifest:    { spec: 'end-7',  needs: 'create',  handle: putManifest, believes: true },
  listTags:       { spec: 'end-8',  needs: 'pull',    handle: listTags },
  deleteManifest: { spec: 'end-9',  needs: 'delete',  handle: deleteManifest },
  deleteBlob:     { spec: 'end-10', needs: 'delete',  handle: deleteBlob },
  mountBlob:      { spec: 'end-11', needs: 'create',  handle: mountBlob },
  listReferrers:  { spec: 'end-12', needs: 'foresee', handle: listReferrers },
  uploadStatus:   { spec: 'end-13', needs: 'push',    handle: uploadStatus },
  cancelUpload:   { spec: 'end-14', needs: 'push',    handle: cancelUpload },
} satisfies { readonly [Kind in RegistryRequest['kind']]: Row<Kind> };
