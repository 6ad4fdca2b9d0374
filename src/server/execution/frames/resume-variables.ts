import { type DocumentNode, getOperationAST, Kind, visit } from 'graphql';

const resumeVariablesByDocument = new WeakMap<DocumentNode, ReadonlyMap<string, ReadonlySet<string>>>();

/**
 * Variables that only set where a subscription resumes: used for `after` of the root field, and nowhere else.
 * Subscriptions that differ only in them can share frames.
 */
export function resumeVariables(document: DocumentNode, operationName: string | null | undefined): ReadonlySet<string> {
  const name = operationName ?? '';
  const known = resumeVariablesByDocument.get(document) ?? new Map<string, ReadonlySet<string>>();
  const found = known.get(name) ?? findResumeVariables(document, operationName);
  resumeVariablesByDocument.set(document, new Map(known).set(name, found));
  return found;
}

function findResumeVariables(document: DocumentNode, operationName: string | null | undefined): ReadonlySet<string> {
  const root = getOperationAST(document, operationName)?.selectionSet.selections[0];
  if (root?.kind !== Kind.FIELD) return new Set();
  const value = root.arguments?.find(argument => argument.name.value === 'after')?.value;
  if (value?.kind !== Kind.VARIABLE) return new Set();
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable: node => {
      if (node.name.value === value.name.value) uses++;
    },
  });
  return uses === 1 ? new Set([value.name.value]) : new Set();
}
