import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  type ASTNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';
import { illFormedText, isWellFormedText } from './request-body.ts';

/** Bounds of a document (G5–G9, G14): generous for people and programs, narrow for attacks. */
const limits = { depth: 10, aliases: 50, aliasesOfOneField: 15, directives: 30, rootMutations: 10, cost: 5000 };
/** What a list is taken to hold when the document does not say it with a number: the most that a page can have. */
const largestPage = 100;

/** Refuses documents that are made to be expensive, before any of it runs. */
export const documentLimits: ValidationRule = (context) => {
  let aliases = 0;
  let directives = 0;
  const aliasesByField = new Map<string, number>();
  // Apollo gives every refusal of a document one code; a closer one travels beside it, to `format-error.ts`.
  const refuse = (why: string, node: ASTNode, closerCode?: 'COST_EXCEEDED' | 'BAD_USER_INPUT') => {
    context.reportError(new GraphQLError(why, { nodes: [node], extensions: { ...(closerCode && { closerCode }) } }));
  };
  return {
    Document: (document) => {
      const measure = measureOf(document);
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
        const { depth, cost, rootFields } = measure(definition.selectionSet);
        if (depth > limits.depth) refuse(`a document is at most ${String(limits.depth)} levels deep`, definition);
        else if (cost > limits.cost)
          refuse('this asks for too much at once: smaller pages, or fewer lists in lists', definition, 'COST_EXCEEDED');
        if (definition.operation === OperationTypeNode.MUTATION && rootFields > limits.rootMutations)
          refuse(`at most ${String(limits.rootMutations)} mutations in one request`, definition);
      }
    },
    Field: (node) => {
      if (!node.alias) return;
      aliases += 1;
      const ofField = (aliasesByField.get(node.name.value) ?? 0) + 1;
      aliasesByField.set(node.name.value, ofField);
      if (aliases === limits.aliases + 1 || ofField === limits.aliasesOfOneField + 1) refuse('too many aliases', node);
    },
    Directive: (node) => {
      directives += 1;
      if (directives === limits.directives + 1) refuse('too many directives', node);
    },
    StringValue: (node) => {
      if (!isWellFormedText(node.value)) refuse(illFormedText, node, 'BAD_USER_INPUT');
    },
  };
};

interface Measure {
  /** Levels, those that fragments add included. */
  readonly depth: number;
  /** Objects that the answer can hold at most, roughly. */
  readonly cost: number;
  readonly rootFields: number;
  /** Whether its own fields are those of a list: `nodes` or `edges`. */
  readonly isList: boolean;
}

const nothing: Measure = { depth: 0, cost: 0, rootFields: 0, isList: false };

/**
 * Measures selections with their fragments put in place, each fragment once: a document of n selections takes n steps however
 * often its fragments name each other. A fragment that leads back to itself counts as nothing; the specification's own rule
 * refuses it. The parser's limit of tokens bounds the recursion.
 */
function measureOf(document: DocumentNode): (selections: SelectionSetNode) => Measure {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measured = new Map<string, Measure>();

  function ofFragment(name: string): Measure {
    const known = measured.get(name);
    if (known) return known;
    measured.set(name, nothing);
    const fragment = fragments.get(name);
    const measure = fragment ? ofSelections(fragment.selectionSet) : nothing;
    measured.set(name, measure);
    return measure;
  }

  function ofSelections({ selections }: SelectionSetNode): Measure {
    return selections.map(ofSelection).reduce(
      (sum, { depth, cost, rootFields, isList }) => ({
        depth: Math.max(sum.depth, depth),
        cost: sum.cost + cost,
        rootFields: sum.rootFields + rootFields,
        isList: sum.isList || isList,
      }),
      nothing,
    );
  }

  function ofSelection(node: SelectionSetNode['selections'][number]): Measure {
    if (node.kind === Kind.FRAGMENT_SPREAD) return ofFragment(node.name.value);
    // An inline fragment is no level of its own.
    if (node.kind === Kind.INLINE_FRAGMENT) return ofSelections(node.selectionSet);
    const isList = node.name.value === 'nodes' || node.name.value === 'edges';
    if (!node.selectionSet) return { depth: 1, cost: 0, rootFields: 1, isList };
    const inner = ofSelections(node.selectionSet);
    return { depth: inner.depth + 1, cost: 1 + pageOf(node, inner.isList) * inner.cost, rootFields: 1, isList };
  }

  return ofSelections;
}

/** How many nodes a field can answer with: what `first` says; for a list that does not say it, the most there can be. */
function pageOf({ arguments: given = [] }: FieldNode, isList: boolean): number {
  const first = given.find(({ name }) => name.value === 'first')?.value;
  if (first?.kind === Kind.INT) return Math.max(1, Math.min(Number(first.value), largestPage));
  return first || isList ? largestPage : 1;
}
