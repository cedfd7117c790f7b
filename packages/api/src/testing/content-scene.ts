import { Repository } from '@escale/schema/entities';
import { parseRepositoryName } from '@escale/schema/values';
import { anonymous } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import { pushTestImage, type TestImage } from '@escale/domain/testing';
import { startTestApi, type Answer, type Caller, type TestApi } from './test-api.ts';

/** A repository of alice's, for tests about what is in it. Its functions speak of the one that was made last. */
export interface ContentScene {
  readonly open: () => Promise<{ api: TestApi; alice: Caller; bob: Caller }>;
  /** Makes another repository, of this name or one of alice's. @returns its name */
  readonly begin: (wished?: string) => Promise<string>;
  readonly context: () => Context;
  readonly repository: () => Promise<Repository>;
  readonly push: (image?: TestImage) => ReturnType<typeof pushTestImage>;
  /** Fields of the repository, as a caller sees them; alice when none is given. @typeParam Shown what the fields are */
  readonly show: <Shown = unknown>(fields: string, caller?: Caller) => Promise<Shown>;
  /** A mutation of something in the repository. */
  readonly mutate: (
    mutation: string,
    input: Record<string, unknown>,
    fields: string,
    caller?: Caller,
  ) => Promise<Answer>;
  /** Codes and fields of the errors. */
  readonly faults: (answer: Answer) => unknown[][];
}

export function contentScene(): ContentScene {
  let opened: { api: TestApi; alice: Caller; bob: Caller } | undefined;
  let name = '';
  let count = 0;
  const here = () => {
    if (!opened) throw new Error('the scene is not open');
    return opened;
  };
  const em = () => here().api.database.orm.em.fork();
  const context = (): Context => ({
    em: em(),
    principal: anonymous,
    now: new Date(),
    vault: here().api.vault,
    client: {},
  });
  const repository = async () => {
    const parsed = parseRepositoryName(name);
    if (!parsed) throw new Error('no repository was made');
    return em().findOneOrFail(Repository, { name: parsed });
  };
  return {
    open: async () => {
      const api = await startTestApi();
      opened = { api, alice: await api.signIn({ name: 'alice' }), bob: await api.signIn({ name: 'bob' }) };
      return opened;
    },
    begin: async (wished = `alice/app${String((count += 1))}`) => {
      name = wished;
      const made = 'mutation($name: String!) { createRepository(input: { name: $name }) { repository { id } } }';
      await here().alice.graphql(made, { name });
      return name;
    },
    context,
    repository,
    push: async (image = {}) => pushTestImage(context(), await repository(), image),
    show: async <Shown>(fields: string, caller = here().alice) => {
      const query = `query($name: String!) { repository(name: $name) { ${fields} } }`;
      const { data } = await caller.graphql(query, { name });
      return data['repository'] as Shown;
    },
    mutate: (mutation, input, fields, caller = here().alice) => {
      const type = mutation.replace(/^./, (letter) => letter.toUpperCase());
      return caller.graphql(`mutation($input: ${type}Input!) { ${mutation}(input: $input) { ${fields} } }`, {
        input: { repository: name, ...input },
      });
    },
    faults: ({ errors }) => errors.map(({ extensions: { code, field } }) => [code, field]),
  };
}
