import { registrySettings } from '../administration/registry-settings.ts';
import type { Context } from '../context.ts';
import { inputInvalid } from '../errors.ts';

/**
 * For how long ended tags can be restored, as a form gives it. A shorter time counts for what has ended already, too.
 * @throws INPUT_INVALID for what is none of the registry's choices
 */
export async function timeMachineChoice(ctx: Context, seconds: number): Promise<number> {
  const { timeMachineChoices } = await registrySettings(ctx);
  if (timeMachineChoices.includes(seconds)) return seconds;
  throw inputInvalid('timeMachineSeconds', `the time machine goes back ${timeMachineChoices.join(', ')} seconds`);
}
