import { parsers } from 'prettier/plugins/yaml';

/** A node of prettier's syntax tree: the only installed YAML parser. */
interface Node {
  readonly type: string;
  readonly value?: string;
  readonly anchor?: { readonly value: string } | null;
  readonly children?: readonly (Node | null)[];
}

export type Yaml = string | null | readonly Yaml[] | { readonly [key: string]: Yaml };

/** The content of a YAML document, with anchors and `<<` resolved; every scalar as text. */
export function parseYaml(text: string): Yaml {
  const anchors = new Map<string, Yaml>();

  function valueOf(node: Node | null | undefined): Yaml {
    const value = bare(node);
    if (node?.anchor) anchors.set(node.anchor.value, value);
    return value;
  }

  function bare(node: Node | null | undefined): Yaml {
    switch (node?.type) {
      case undefined:
      case 'null':
        return null;
      case 'plain':
      case 'quoteSingle':
      case 'quoteDouble':
        return node.value ?? '';
      case 'alias':
        return anchors.get(node.value ?? '') ?? null;
      case 'sequence':
      case 'flowSequence':
        return (node.children ?? []).map(item => valueOf(item?.children?.[0]));
      case 'mapping':
      case 'flowMapping':
        return mapping(node);
      default:
        throw new Error(`YAML with a ${node?.type ?? 'hole'}: parseYaml does not support it`);
    }
  }

  function mapping({ children = [] }: Node): Yaml {
    const entries = children.map(item => item?.children?.map(side => valueOf(side?.children?.[0])) ?? []);
    const merged = entries.flatMap(([key, value]) => (key === '<<' ? Object.entries(value ?? {}) : []));
    const own = entries.flatMap(([key, value]) => (key === '<<' ? [] : [[key as string, value ?? null] as const]));
    return Object.fromEntries([...merged, ...own]);
  }

  const tree = parsers.yaml.parse(text, {} as never) as Node;
  const [document] = tree.children ?? [];
  const body = document?.children?.find(part => part?.type === 'documentBody');
  return valueOf(body?.children?.[0]);
}
