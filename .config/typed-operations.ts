import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { preset } from '@graphql-codegen/client-preset';
import { codegen } from '@graphql-codegen/core';
import { type GraphQLSchema, isEnumType, parse, printSchema } from 'graphql';
import { scalars } from '../src/client/scalars.ts';

/**
 * Generates the types of the operations in the .graphql files of a folder.
 * @param options.documentMode of client-preset: whether a document is a text or a DocumentNode
 * @param options.names of client-preset's files to generate
 * @returns the contents by file name
 */
export async function typedOperations(options: {
  readonly schemaAst: GraphQLSchema;
  readonly operationsFolder: string;
  readonly generatedFolder: string;
  readonly documentMode: 'string' | 'documentNode';
  readonly names: readonly string[];
}): Promise<Record<string, string>> {
  const { schemaAst, operationsFolder, generatedFolder, documentMode, names } = options;
  const files = (await readdir(operationsFolder, { recursive: true })).filter(file => file.endsWith('.graphql')).sort();
  const documents = await Promise.all(
    files.map(async file => {
      const location = join(operationsFolder, file);
      const rawSDL = await readFile(location, 'utf8');
      return { location, rawSDL, document: parse(rawSDL) };
    }),
  );
  const sections = await preset.buildGeneratesSection({
    baseOutputDir: `${generatedFolder}/`,
    schema: parse(printSchema(schemaAst)),
    schemaAst,
    documents,
    // A scalar that is missing fails the run.
    config: { documentMode, enumType: 'string-literal', scalars, strictScalars: true, useTypeImports: true },
    presetConfig: { fragmentMasking: false, persistedDocuments: documentMode === 'string' },
    plugins: [],
    pluginMap: {},
  });
  // The preset's other files are for operations inside the code; ours are in files.
  const written: Record<string, string> = {};
  // In this order: a manifest needs the hashes of the typed operations.
  for (const name of names) {
    const section = sections.find(({ filename }) => filename.endsWith(`/${name}`));
    if (section === undefined) throw new Error(`@graphql-codegen/client-preset does not generate ${name} any more`);
    written[name] = await codegen(section);
  }
  return written;
}

/** The enums of the schema whose values the console has words for, and the names of their lists of values. */
const consoleEnums = {
  ErrorCode: 'errorCodes',
  OrderAction: 'orderActions',
  OrderStatus: 'orderStatuses',
  RejectionReason: 'rejectionReasons',
  Role: 'roles',
};

/** Generates what the console takes from the schema: the types of its operations, and the values of enums. */
export async function consoleTypes(
  schemaAst: GraphQLSchema,
  folders: { readonly operationsFolder: string; readonly generatedFolder: string },
): Promise<Record<string, string>> {
  const operations = await typedOperations({
    schemaAst,
    ...folders,
    documentMode: 'documentNode',
    names: ['graphql.ts'],
  });
  const enums = Object.entries(consoleEnums).map(([name, list]) => {
    const type = schemaAst.getType(name);
    if (!isEnumType(type)) throw new Error(`The schema has no enum ${name} any more.`);
    const values = JSON.stringify(type.getValues().map(({ name: value }) => value));
    return `export const ${list} = ${values} as const;\nexport type ${name} = (typeof ${list})[number];\n`;
  });
  return { ...operations, 'schema-enums.ts': enums.join('\n') };
}
