import { GraphQLError, Kind, type ASTNode, type ValidationRule } from 'graphql';

/** Bounds of a document (G5–G9): generous for people and programs, narrow for attacks. */
const limits = { depth: 10, aliases: 50, aliasesOfOneField: 15, directives: 30, rootMutations: 10 };

/**
 * Refuses documents that are made to be expensive. One walk without recursion into fragments: each fragment counts once for
 * breadth, and its depth is measured where it is defined; cycles are refused by the specification's own rules.
 */
export const documentLimits: ValidationRule = (context) => {
  let aliases = 0;
  let directives = 0;
  const aliasesByField = new Map<string, number>();
  const refuse = (why: string, node: ASTNode) => {
    context.reportError(new GraphQLError(why, { nodes: [node], extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }));
  };
  return {
    Document: (document) => {
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
        if (depthOf(definition.selectionSet) > limits.depth)
          refuse(`a document is at most ${String(limits.depth)} levels deep`, definition);
        const { length } = definition.selectionSet.selections;
        const isMutation = definition.kind === Kind.OPERATION_DEFINITION && definition.operation === 'mutation';
        if (isMutation && length > limits.rootMutations)
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
  };
};

function depthOf(root: { readonly selections: readonly ASTNode[] }): number {
  let deepest = 0;
  const open: { node: ASTNode; depth: number }[] = root.selections.map((node) => ({ node, depth: 1 }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, depth } = next;
    deepest = Math.max(deepest, depth);
    if (deepest > limits.depth) return deepest;
    const inner = 'selectionSet' in node && node.selectionSet ? node.selectionSet.selections : [];
    // An inline fragment is no level of its own.
    for (const child of inner)
      open.push({ node: child, depth: node.kind === Kind.INLINE_FRAGMENT ? depth : depth + 1 });
  }
  return deepest;
}
