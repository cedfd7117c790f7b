import { RevealRobotTokenDocument } from '../../graphql/generated/graphql.ts';
import { act } from '../../graphql/use-page.ts';
import { useShownCredentials } from '../credentials/shown-credentials.ts';

/** The credentials of a robot, by its login; of its newest token when none is named. */
export function useRobotCredentials() {
  return useShownCredentials('robot-credentials', async ({ who, token }: { who: string; token?: string }) => {
    const { data, failure } = await act(RevealRobotTokenDocument, { input: { robot: who, token } });
    return data ? { credentials: data.revealRobotToken.credentials } : { failure };
  });
}
