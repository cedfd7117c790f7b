// Rules of ESLint for transactions: a request that holds one connection must not wait for a second.

/** Receivers that are, or give, an entity manager or its connection. */
const manager = /(?:^|\.)(?:em|orm|entityManager|connection)$|fork\(\)$|getConnection\(\)$/;

const onlyInTransaction = {
  meta: {
    type: 'problem',
    messages: { direct: 'open transactions with inTransaction (packages/domain/src/in-transaction.ts)' },
  },
  create: (context) => ({
    'CallExpression[callee.property.name=/^(?:transactional|begin)$/]'(call) {
      const { object, property } = call.callee;
      if (property.name === 'begin' && !manager.test(context.sourceCode.getText(object))) return;
      context.report({ node: call, messageId: 'direct' });
    },
  }),
};

/** The variable at the root of the first argument: `ctx` of `ctx`, `{ ...ctx, em }` and `ctx.inner`. */
function rootsOf(node) {
  if (node?.type === 'Identifier') return [node.name];
  if (node?.type === 'MemberExpression') return rootsOf(node.object);
  if (node?.type !== 'ObjectExpression') return [];
  return node.properties.flatMap((property) =>
    property.type === 'SpreadElement'
      ? rootsOf(property.argument)
      : property.key.name === 'em'
        ? rootsOf(property.value)
        : [],
  );
}

const noOuterContext = {
  meta: {
    type: 'problem',
    messages: { outer: '`{{name}}` is outside of the transaction: use the context that inTransaction gives' },
  },
  create: (context) => ({
    'CallExpression[callee.name="inTransaction"]'(call) {
      const [outer, work] = call.arguments;
      const names = new Set(rootsOf(outer));
      if (!/Function/.test(work?.type ?? '')) return;
      const visit = (scope) => {
        for (const reference of scope.references) {
          const { identifier, resolved } = reference;
          const inside =
            resolved?.scope.block.range[0] >= work.range[0] && resolved.scope.block.range[1] <= work.range[1];
          if (names.has(identifier.name) && !inside)
            context.report({ node: identifier, messageId: 'outer', data: { name: identifier.name } });
        }
        scope.childScopes.forEach(visit);
      };
      visit(context.sourceCode.scopeManager.acquire(work));
    },
  }),
};

export const transactions = {
  rules: { 'only-in-transaction': onlyInTransaction, 'no-outer-context': noOuterContext },
};
