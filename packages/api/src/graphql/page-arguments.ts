import {
  Kind,
  visit,
  type ArgumentNode,
  type DocumentNode,
  type ValueNode,
  type VariableDefinitionNode,
} from 'graphql';
import { pageSize, parseCursor } from '@escale/domain/page';

type Variables = Readonly<Record<string, unknown>>;

/**
 * Looks at every `first` and `after` before anything runs: no mutation is made whose answer could then not be given. That a
 * cursor is one of another list, only the list itself can tell.
 * @throws PAGE_INVALID (G14)
 */
export function checkPages(
  document: DocumentNode,
  defined: readonly VariableDefinitionNode[],
  variables: Variables,
): void {
  const given = (value: ValueNode): unknown => {
    if (value.kind === Kind.INT) return Number(value.value);
    if (value.kind === Kind.STRING) return value.value;
    if (value.kind !== Kind.VARIABLE) return undefined;
    const { name } = value;
    const byDefault = defined.find(({ variable }) => variable.name.value === name.value);
    return variables[name.value] ?? (byDefault?.defaultValue && given(byDefault.defaultValue));
  };
  visit(document, {
    // What is of another type than the schema says is refused when it is read.
    Argument: ({ name, value }: ArgumentNode) => {
      const argument = name.value === 'first' || name.value === 'after' ? given(value) : undefined;
      if (name.value === 'first' && typeof argument === 'number') pageSize({ first: argument });
      if (name.value === 'after' && typeof argument === 'string' && argument !== '') parseCursor(argument);
    },
  });
}
