import {
  GraphQLError,
  getNamedType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  OperationTypeNode,
  type ASTNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';
import { illFormedText, isWellFormedText } from './request-body.ts';

/** Bounds of a document (G5–G9, G14): generous for people and programs, narrow for attacks. */
const limits = { depth: 10, aliases: 50, aliasesOfOneField: 15, directives: 30, rootMutations: 10, cost: 5000 };
/** Length that a page counts for when the document does not state it as a number: the most that a page can have. */
const largestPage = 100;
/** Length that a list without pages counts for: the layers of an image, the platforms of an index. */
const usualList = 20;

/**
 * What a field costs beside the objects that it answers with: what its statements read. Twenty are about a millisecond of the
 * database's time on a registry of 100,000 repositories. Keys name the type that declares the field. Fields that are not listed
 * read a row or two, or one statement for all nodes of a list.
 */
export const fieldCosts: Readonly<Record<string, number>> = {
  // Compares names one by one.
  'Query.search': 1200,
  'Query.repositories': 200,
  'Query.users': 300,
  'Query.organizations': 50,
  'Query.grantees': 100,
  'Query.directoryPeople': 500,
  'Query.explainAccess': 20,
  'Namespace.repositories': 20,
  // Counts up to 10,000 entries, or all of up to a year by day and kind.
  'Query.usageLog': 300,
  'Query.usageLogCounts': 500,
  'Namespace.usageLog': 300,
  'Namespace.usageLogCounts': 500,
  'Repository.usageLog': 300,
  'Repository.usageLogCounts': 500,
  // Reads all rows of a repository or an organization, for the answer or for its count.
  'Repository.tags': 40,
  'Repository.tagNames': 300,
  'Repository.tagHistory': 40,
  'Repository.untaggedManifests': 1000,
  'Repository.effectivePermissions': 300,
  'Repository.publicContents': 200,
  'Organization.members': 40,
  'Organization.collaborators': 100,
  // Sums over blobs and manifests; those of tags walk to all that a tag keeps.
  'Namespace.storedBytes': 30,
  'Organization.freedBytes': 30,
  'Repository.storedBytes': 20,
  'Repository.freedBytes': 20,
  'Repository.freedByTags': 500,
  'Tag.freedBytes': 30,
  // Reads and parses manifests of up to 4 MiB and configs of up to 1 MiB.
  'Manifest.config': 25,
  'Manifest.layers': 25,
  'Manifest.platforms': 25,
};

/** What arguments add: they make a field compare, or sort, everything that the caller may see. */
const argumentCosts: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'Query.repositories': { search: 800, visibility: 300, starred: 300 },
  'Repository.tags': { search: 300, orderBy: 100 },
  'Repository.tagNames': { search: 300, orderBy: 100 },
};

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
      const measure = measureOf(document, context.getSchema());
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
        const { depth, cost, rootFields } = measure(definition);
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
  /** Objects that the answer can hold at most, roughly, and what their fields cost to read (`fieldCosts`). */
  readonly cost: number;
  readonly rootFields: number;
  /** Whether its own fields are those of a connection: `nodes` or `edges`. */
  readonly isConnection: boolean;
}

const nothing: Measure = { depth: 0, cost: 0, rootFields: 0, isConnection: false };

/**
 * Measures operations with their fragments put in place, each fragment once: a document of n selections takes n steps however
 * often its fragments name each other. A fragment that leads back to itself counts as nothing; the specification's own rule
 * refuses it. The parser's limit of tokens bounds the recursion.
 */
function measureOf(
  document: DocumentNode,
  schema: GraphQLSchema,
): (operation: { operation: OperationTypeNode; selectionSet: SelectionSetNode }) => Measure {
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
    const measure = fragment
      ? ofSelections(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value))
      : nothing;
    measured.set(name, measure);
    return measure;
  }

  function ofSelections({ selections }: SelectionSetNode, parent: GraphQLNamedType | undefined): Measure {
    return selections
      .map((selection) => ofSelection(selection, parent))
      .reduce(
        (sum, { depth, cost, rootFields, isConnection }) => ({
          depth: Math.max(sum.depth, depth),
          cost: sum.cost + cost,
          rootFields: sum.rootFields + rootFields,
          isConnection: sum.isConnection || isConnection,
        }),
        nothing,
      );
  }

  function ofSelection(node: SelectionSetNode['selections'][number], parent: GraphQLNamedType | undefined): Measure {
    if (node.kind === Kind.FRAGMENT_SPREAD) return ofFragment(node.name.value);
    // An inline fragment is no level of its own.
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const { typeCondition } = node;
      return ofSelections(node.selectionSet, typeCondition ? schema.getType(typeCondition.name.value) : parent);
    }
    const name = node.name.value;
    const isConnection = name === 'nodes' || name === 'edges';
    const own = ownCost(node, parent);
    if (!node.selectionSet) return { depth: 1, cost: own, rootFields: 1, isConnection };
    // Fields that the schema does not have are refused elsewhere.
    const type = fieldType(parent, name);
    const inner = ofSelections(node.selectionSet, type && getNamedType(type));
    // The length of a connection's list is stated one level above.
    const length = lengthOf(node, { isPage: inner.isConnection, isList: !isConnection && isList(type) });
    return { depth: inner.depth + 1, cost: own + 1 + length * inner.cost, rootFields: 1, isConnection };
  }

  return ({ operation, selectionSet }) => ofSelections(selectionSet, schema.getRootType(operation) ?? undefined);
}

/** The cost of a field's own statements, wherever among the parent type and its interfaces it is listed. */
function ownCost({ name, arguments: given = [] }: FieldNode, parent: GraphQLNamedType | undefined): number {
  if (!isObjectType(parent) && !isInterfaceType(parent)) return 0;
  const key = [parent, ...parent.getInterfaces()]
    .map((type) => `${type.name}.${name.value}`)
    .find((known) => Object.hasOwn(fieldCosts, known));
  if (key === undefined) return 0;
  const added = argumentCosts[key] ?? {};
  return given.reduce((sum, argument) => sum + (added[argument.name.value] ?? 0), fieldCosts[key] ?? 0);
}

function fieldType(parent: GraphQLNamedType | undefined, name: string): GraphQLOutputType | undefined {
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name]?.type : undefined;
}

function isList(type: GraphQLOutputType | undefined): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

/** How many nodes a field can answer with: what `first` states; for a page that does not state it, the most there can be. */
function lengthOf(
  { arguments: given = [] }: FieldNode,
  { isPage, isList }: { readonly isPage: boolean; readonly isList: boolean },
): number {
  const first = given.find(({ name }) => name.value === 'first')?.value;
  if (first?.kind === Kind.INT) return Math.max(1, Math.min(Number(first.value), largestPage));
  if (first || isPage) return largestPage;
  return isList ? usualList : 1;
}
