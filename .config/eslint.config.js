import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const root = new URL('..', import.meta.url).pathname;

// Words that carry no meaning. `base32` and `database` are different words.
const emptyWords = ['service', 'manager', 'helper', 'util', 'base', 'impl', 'dto'];
const capital = word => word[0].toUpperCase() + word.slice(1);
const emptyWord = {
  regex: `(^|_)(${emptyWords.join('|')})s?($|[A-Z_])|(${emptyWords.map(capital).join('|')})s?($|[A-Z_])`,
  match: false,
};

const fileNames = {
  create: context => ({
    Program(node) {
      const path = context.filename.slice(root.length);
      const words = path
        .replace(/\.tsx?$/, '')
        .split(/[/.-]/)
        .filter(Boolean);
      if (!/^[a-z0-9./-]+$/.test(path)) context.report({ node, message: 'File names are kebab-case.' });
      const empty = words.find(word => emptyWords.includes(word.replace(/s$/, '')));
      if (empty !== undefined)
        context.report({ node, message: `"${empty}" carries no meaning: name what the file does.` });
    },
  }),
};

const inline = 'only main.ts and cli/ may use it: pass it as an argument';
const processOnlyAtTheEdge = {
  'no-restricted-globals': ['error', { name: 'process', message: inline }],
  'no-restricted-imports': ['error', { paths: ['process', 'node:process'].map(name => ({ name, message: inline })) }],
  'no-console': 'error',
};

// dependency-cruiser.mjs says which folders may import sql.ts.
const sqlHere = 'SQL is made by database/sql.ts and sent by the methods of database/database.ts.';
const noSql = {
  'no-restricted-syntax': [
    'error',
    { selector: 'MemberExpression[property.name=/^\\$(query|execute)Raw/]', message: sqlHere },
  ],
};

const pure = 'The domain is pure: time, ids and random values are passed in the command.';
const noClockNoChance = {
  'no-restricted-globals': [
    'error',
    ...['process', 'console', 'crypto', 'performance', 'fetch', 'setTimeout', 'setInterval', 'setImmediate'].map(
      name => ({ name, message: pure }),
    ),
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Math', property: 'random', message: pure },
    { object: 'Date', property: 'now', message: pure },
  ],
  'no-restricted-syntax': [
    ...noSql['no-restricted-syntax'],
    { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: pure },
  ],
};

export default defineConfig(
  { ignores: ['**/dist/', 'coverage/', 'proof/', '**/generated/', '**/*.js', '**/*.mjs'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [eslint.configs.recommended, tseslint.configs.strictTypeChecked],
    plugins: { orderstream: { rules: { 'file-names': fileNames } } },
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './examples/tsconfig.json', './src/console/tsconfig.json'],
        tsconfigRootDir: root,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'orderstream/file-names': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-undef': 'off', // the compiler checks this
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: [
            'variableLike',
            'class',
            'typeAlias',
            'classMethod',
            'classProperty',
            'typeProperty',
            'typeMethod',
          ],
          format: null,
          custom: emptyWord,
        },
        {
          selector: 'interface',
          format: null,
          custom: { regex: `^I[A-Z]|${emptyWord.regex}`, match: false },
        },
      ],
      // Namespaces extend types of libraries.
      '@typescript-eslint/no-namespace': ['error', { allowDeclarations: true }],
      // Spreading a string gives its code points.
      '@typescript-eslint/no-misused-spread': ['error', { allow: [{ from: 'lib', name: 'string' }] }],
      // The compiler checks this, and it knows that merged interfaces must repeat type parameters.
      '@typescript-eslint/no-unused-vars': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off', // some of them guide type inference
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { allowDefaultCaseForExhaustiveSwitch: false, considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  { files: ['src/**/*.ts', 'src/**/*.tsx'], ignores: ['src/main.ts', 'src/cli/**'], rules: processOnlyAtTheEdge },
  { files: ['src/**/*.ts'], ignores: ['src/database/**'], rules: noSql },
  { files: ['src/*/domain/**/*.ts'], rules: noClockNoChance },
  {
    // No `default` over a union of the domain: the compiler must report a case that is added later until it is
    // handled.
    files: ['src/*/{domain,views,graphql}/**/*.ts', 'src/*/{decider,slice}.ts'],
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { allowDefaultCaseForExhaustiveSwitch: false, considerDefaultExhaustiveForUnions: false },
      ],
    },
  },
  {
    files: ['examples/board-*/**', 'src/console/main.tsx'],
    // As each React page begins: `document.getElementById('root')!`.
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // A test that reads past the end of a list should fail at that place.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Test doubles return promises and yield like the functions that they replace.
      '@typescript-eslint/require-await': 'off',
      'require-yield': 'off',
      // expect.objectContaining() and similar matchers have the type `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
);
