import { ref, shallowRef } from 'vue';
import type { Failure } from '../../graphql/client.ts';
import { RevealRobotTokenDocument, type PasteableFragment } from '../../graphql/generated/graphql.ts';
import { act } from '../../graphql/use-page.ts';

/** The credentials of a robot in a dialog: just made, or shown again. */
export function useShownCredentials() {
  const shown = shallowRef<{ who: string; credentials: PasteableFragment }>();
  const showing = ref(false);
  const failure = ref<Failure>();
  const show = (who: string, credentials: PasteableFragment) => {
    failure.value = undefined;
    shown.value = { who, credentials };
    showing.value = true;
  };
  return {
    shown,
    showing,
    failure,
    show,
    /** @param token the newest when not given */
    reveal: async (robot: string, token?: string) => {
      const { data, failure: failed } = await act(RevealRobotTokenDocument, { input: { robot, token } });
      failure.value = failed;
      if (data) show(robot, data.revealRobotToken.credentials);
    },
  };
}
