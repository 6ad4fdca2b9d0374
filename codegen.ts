// Prints schema.graphql from the code and generates types for the operations of the tests and of the console.
//
//   tsx codegen.ts               writes schema.graphql, src/client/schema-facts.ts, command-inputs.ts,
//                                src/client/testing/schema-text.ts, test/generated/ and src/console/generated/
//   tsx codegen.ts --operations  writes only the last two: an install must not hide a stale schema.graphql
//   tsx codegen.ts --check       writes nothing; exit code 1 if one of the first three differs from the code
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  getNamedType,
  type GraphQLNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  parse,
  print,
  printSchema,
  visit,
} from 'graphql';
import { format, resolveConfig } from 'prettier';
import { commandInputs } from './.config/command-inputs.ts';
import { consoleTypes, typedOperations } from './.config/typed-operations.ts';
import { scalars } from './src/client/scalars.ts';
import { schema } from './src/schema.ts';

const schemaFile = fileURLToPath(new URL('schema.graphql', import.meta.url));
const factsFile = fileURLToPath(new URL('src/client/schema-facts.ts', import.meta.url));
const textFile = fileURLToPath(new URL('src/client/testing/schema-text.ts', import.meta.url));
const commandsFile = fileURLToPath(new URL('src/client/command-inputs.ts', import.meta.url));
const operationsFolder = fileURLToPath(new URL('test/operations/', import.meta.url));
const generatedFolder = fileURLToPath(new URL('test/generated/', import.meta.url));
const consoleFolder = fileURLToPath(new URL('src/console/', import.meta.url));

/** The content of schema.graphql, in the code's order: sorting would also reorder the fields of default values. */
function printedSchema(): string {
  return `${printSchema(schema)}\n`;
}

/** The content of src/client/schema-facts.ts: facts about the schema that client caches need. */
async function schemaFacts(): Promise<string> {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const possibleTypes = types
    .filter(isAbstractType)
    .map(type => `${type.name}: ${JSON.stringify(schema.getPossibleTypes(type).map(({ name }) => name))},`);
  const embedded = types.filter(type => isObjectType(type) && !roots.includes(type) && !('id' in type.getFields()));
  const text = `// Written by codegen.ts from the schema.

/** The types of each interface and union, for Apollo's \`InMemoryCache({ possibleTypes })\`. */
export const possibleTypes: Record<string, string[]> = {${possibleTypes.sort().join('')}};

const embedded = (): null => null;

/** Types without an id, which are stored inside their parent: for \`cacheExchange({ keys })\` of urql's Graphcache. */
export const keys: Record<string, () => null> = {${embedded
    .map(({ name }) => `${name}: embedded,`)
    .sort()
    .join('')}};

/**
 * The types of the fields that are objects, by the type that has the field. Fields of Query, Mutation and Subscription are
 * left out if their answers contain nothing that has a version.
 */
export const fieldTypes: Record<string, Record<string, string>> = ${JSON.stringify(fieldTypes())};

/**
 * The fields that say which state of an object an answer has, by type. A type with the empty text has no such field, and
 * the version of its parent does not cover it.
 */
export const stateFields: Record<string, string> = ${JSON.stringify(stateFields())};
`;
  return format(text, { ...(await resolveConfig(factsFile)), filepath: factsFile });
}

/** The content of src/client/testing/schema-text.ts: the schema without descriptions, for the scripted server. */
async function schemaText(): Promise<string> {
  const plain = visit(parse(printSchema(schema)), {
    enter: node => ('description' in node ? { ...node, description: undefined } : undefined),
  });
  const text = `// Written by codegen.ts from the schema.

/** The schema without descriptions. */
export const schemaText = \`\n${print(plain)}\n\`;\n`;
  return format(text, { ...(await resolveConfig(textFile)), filepath: textFile, embeddedLanguageFormatting: 'off' });
}

function objectFields(type: GraphQLNamedType): [string, GraphQLNamedType][] {
  if (!isObjectType(type)) return [];
  const fields = Object.values(type.getFields());
  const named = fields.map((field): [string, GraphQLNamedType] => [field.name, getNamedType(field.type)]);
  return named.filter(([, fieldType]) => isCompositeType(fieldType));
}

/** The type, and all types of objects that an answer of this type may contain. */
function typesBelow(type: GraphQLNamedType, found = new Set<GraphQLNamedType>()): Set<GraphQLNamedType> {
  if (found.has(type)) return found;
  found.add(type);
  if (isAbstractType(type)) for (const possible of schema.getPossibleTypes(type)) typesBelow(possible, found);
  for (const [, fieldType] of objectFields(type)) typesBelow(fieldType, found);
  return found;
}

function stateFieldsOf(type: GraphQLNamedType): string | undefined {
  if (type.name === 'Node') return 'id';
  // The projector's sums over the customer's orders change while the customer does not.
  if (type.name === 'CustomerOrderTotals') return '';
  if (!isObjectType(type)) return undefined;
  if (type.getInterfaces().some(({ name }) => name === 'Node')) return 'id version position';
  const { id, kind, version, position } = type.getFields();
  // Objects with a kind are frames. Other objects with an id are events and past states, which never change.
  if (id !== undefined || kind !== undefined || position === undefined) return undefined;
  return version === undefined ? 'position' : 'version position';
}

function stateFields(): Record<string, string> {
  const written: Record<string, string> = {};
  for (const type of Object.values(schema.getTypeMap())) {
    const fields = stateFieldsOf(type);
    if (fields !== undefined) written[type.name] = fields;
  }
  return written;
}

function fieldTypes(): Record<string, Record<string, string>> {
  const states = stateFields();
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const written: Record<string, Record<string, string>> = {};
  const add = (type: GraphQLNamedType, fields: [string, GraphQLNamedType][]) => {
    if (fields.length === 0) return;
    written[type.name] = Object.fromEntries(fields.map(([name, fieldType]) => [name, fieldType.name]));
  };
  for (const root of roots.filter(type => type != null)) {
    const versioned = objectFields(root).filter(([, type]) => [...typesBelow(type)].some(({ name }) => name in states));
    add(root, versioned);
    for (const [, fieldType] of versioned) for (const type of typesBelow(fieldType)) add(type, objectFields(type));
  }
  return written;
}

/** The content of src/client/command-inputs.ts. */
async function commandsText(): Promise<string> {
  const text = commandInputs(schema, scalars);
  return format(text, { ...(await resolveConfig(commandsFile)), filepath: commandsFile });
}

if (process.argv.includes('--check')) {
  if (readFileSync(schemaFile, 'utf8') !== printedSchema()) {
    console.error('schema.graphql differs from src/schema.ts: run npm run generate, and review the difference');
    process.exitCode = 1;
  }
  if (readFileSync(textFile, 'utf8') !== (await schemaText())) {
    console.error('src/client/testing/schema-text.ts differs from src/schema.ts: run npm run generate');
    process.exitCode = 1;
  }
  if (readFileSync(commandsFile, 'utf8') !== (await commandsText())) {
    console.error('src/client/command-inputs.ts differs from src/schema.ts: run npm run generate');
    process.exitCode = 1;
  }
  if (readFileSync(factsFile, 'utf8') !== (await schemaFacts())) {
    console.error('src/client/schema-facts.ts differs from src/schema.ts: run npm run generate');
    process.exitCode = 1;
  }
} else {
  if (!process.argv.includes('--operations')) {
    await writeFile(schemaFile, printedSchema());
    await writeFile(factsFile, await schemaFacts());
    await writeFile(commandsFile, await commandsText());
    await writeFile(textFile, await schemaText());
  }
  const ofTests = await typedOperations({
    schemaAst: schema,
    operationsFolder,
    generatedFolder,
    documentMode: 'string',
    names: ['graphql.ts', 'persisted-documents.json'],
  });
  const consoleGenerated = join(consoleFolder, 'generated');
  const ofConsole = await consoleTypes(schema, { operationsFolder: consoleFolder, generatedFolder: consoleGenerated });
  for (const [folder, files] of [
    [generatedFolder, ofTests],
    [consoleGenerated, ofConsole],
  ] as const) {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  }
}
