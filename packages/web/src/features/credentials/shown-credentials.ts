import { ref, shallowRef } from 'vue';
import { signInTooOld, type Failure } from '../../graphql/client.ts';
import { RevealRobotTokenDocument, type PasteableFragment } from '../../graphql/generated/graphql.ts';
import { act } from '../../graphql/use-page.ts';
import { useKept } from '../../ui/kept-form.ts';

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
  /** What is shown as soon as the person has signed in again. */
  const awaited = shallowRef<{ robot: string; token?: string | undefined }>();
  useKept('robot-credentials', { awaited });
  /** @param token the newest when not given */
  const reveal = async (robot: string, token?: string) => {
    const { data, failure: failed } = await act(RevealRobotTokenDocument, { input: { robot, token } });
    failure.value = failed;
    awaited.value = failed?.code === signInTooOld ? { robot, token } : undefined;
    if (data) show(robot, data.revealRobotToken.credentials);
  };
  if (awaited.value) void reveal(awaited.value.robot, awaited.value.token);
  return { shown, showing, failure, show, reveal };
}
