import type { CommandResult } from '@orderstream/client';
import { type ReactNode, useId, useState } from 'react';
import { wordsOf } from '../words/error-words.ts';
import { type FieldRefusals, fieldRefusals } from './field-refusals.ts';
import { Refusal } from './refusal.tsx';

export interface EntryField {
  readonly label: string;
  readonly type?: 'text' | 'email' | 'amount' | 'currency';
  readonly maxLength?: number;
}

/**
 * Fields, a button that sends them, and beside each field why it was refused.
 * @param props.values as typed so far: the caller keeps them
 * @param props.onSend undefined: there is nothing to send
 * @param props.children shown between the fields and the buttons
 */
export function EntryForm(props: {
  fields: Readonly<Record<string, EntryField>>;
  values: Readonly<Record<string, string>>;
  word: string;
  onChange: (values: Readonly<Record<string, string>>) => void;
  onSend: () => Promise<CommandResult | undefined>;
  onDone: () => void;
  onCancel: () => void;
  children?: ReactNode;
}) {
  const { fields, values, word, onChange, onSend, onDone, onCancel, children } = props;
  const [refusals, setRefusals] = useState<FieldRefusals>({});
  const [isSending, setSending] = useState(false);
  const id = useId();

  async function send() {
    const mistakes = mistakesIn(fields, values);
    setRefusals(mistakes);
    if (Object.keys(mistakes).length > 0) return;
    setSending(true);
    try {
      const result = await onSend();
      if (result === undefined || result.accepted) onDone();
      else setRefusals(fieldRefusals(result.error, Object.keys(fields)));
    } catch (error) {
      const { title, advice } = wordsOf(error);
      setRefusals({ '': `${title}. ${advice}` });
    } finally {
      setSending(false);
    }
  }

  return (
    <form
      className="entry-form"
      onSubmit={event => {
        event.preventDefault();
        if (!isSending) void send();
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') onCancel();
      }}
    >
      {Object.entries(fields).map(([name, { label, type = 'text', maxLength }], index) => (
        <p key={name} className="entry-field">
          <label htmlFor={`${id}-${name}`}>{label}</label>
          <input
            id={`${id}-${name}`}
            name={name}
            type={type === 'email' ? 'email' : 'text'}
            inputMode={type === 'amount' ? 'decimal' : undefined}
            maxLength={maxLength}
            required
            autoComplete="off"
            autoFocus={index === 0}
            aria-invalid={refusals[name] !== undefined}
            aria-describedby={refusals[name] === undefined ? undefined : `${id}-${name}-refusal`}
            value={values[name] ?? ''}
            onChange={({ target }) => {
              onChange({ ...values, [name]: target.value });
            }}
          />
          {refusals[name] !== undefined && (
            <span id={`${id}-${name}-refusal`} className="refusal" role="alert">
              {refusals[name]}
            </span>
          )}
        </p>
      ))}
      {children}
      <div className="row">
        <button className="primary" aria-disabled={isSending}>
          {isSending ? 'Sending…' : word}
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
      <Refusal>{refusals['']}</Refusal>
    </form>
  );
}

/** What the API would not even read: its own refusals say the rest. */
const forms = {
  amount: { pattern: /^\s*\d+([.,]\d+)?\s*$/, advice: 'This is not an amount. Write it like 12.50.' },
  currency: { pattern: /^\s*[A-Za-z]{3}\s*$/, advice: 'A currency has three letters, like EUR.' },
} as const;

function mistakesIn(
  fields: Readonly<Record<string, EntryField>>,
  values: Readonly<Record<string, string>>,
): FieldRefusals {
  const mistakes: Record<string, string> = {};
  for (const [name, { type }] of Object.entries(fields)) {
    if (type !== 'amount' && type !== 'currency') continue;
    const { pattern, advice } = forms[type];
    if (!pattern.test(values[name] ?? '')) mistakes[name] = advice;
  }
  return mistakes;
}
