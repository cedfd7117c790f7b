import type { Context as KoaContext } from 'koa';
import { isImageConfig, labelProblemText, type ParsedManifest } from '@escale/schema/values';
import { labelProblemsOf, manifestConfigLimit } from '@escale/domain/content';
import { warn } from '../routing/warnings.ts';

/**
 * Tells the person who pushed an image which of its labels about tags do not do what they say.
 * @param config the bytes of the image config, where they were read
 */
export function warnOfLabels(http: KoaContext, parsed: ParsedManifest, config: Uint8Array | undefined): void {
  for (const problem of labelProblemsOf(parsed, config)) warn(http, labelProblemText(problem));
  if (parsed.config && isImageConfig(parsed.config.mediaType) && parsed.config.size > manifestConfigLimit)
    warn(http, 'the image config has more than 1 MiB, so its labels are not read; use annotations of the manifest');
}
