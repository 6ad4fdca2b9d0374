import type { CommandName } from '@orderstream/client';
import { type ReactNode, useId, useState } from 'react';
import type { OrderAction, OrderStatus } from '../generated/schema-enums.ts';
import { actionWords } from '../words/status-words.ts';
import { wordsOf } from '../words/error-words.ts';
import { refusalText } from '../words/refusal-words.ts';
import type { useTimedCommand } from './use-timed-command.ts';
import { Refusal } from '../parts/refusal.tsx';

interface Step {
  readonly command: CommandName;
  readonly next: OrderStatus;
  /** What the order offers after it, until the server says so. */
  readonly then: readonly OrderAction[];
  /** What has to be typed, by the name of the input. */
  readonly fields?: Readonly<Record<string, { readonly label: string; readonly isOptional?: boolean }>>;
}

const steps: Readonly<Partial<Record<OrderAction, Step>>> = {
  SUBMIT: { command: 'submitOrder', next: 'SUBMITTED', then: ['CANCEL'] },
  CONFIRM: { command: 'confirmOrder', next: 'CONFIRMED', then: ['SHIP', 'CANCEL'] },
  SHIP: {
    command: 'shipOrder',
    next: 'SHIPPED',
    then: ['DELIVER'],
    fields: { carrier: { label: 'Carrier' }, trackingNumber: { label: 'Tracking number', isOptional: true } },
  },
  DELIVER: { command: 'deliverOrder', next: 'DELIVERED', then: [] },
  CANCEL: { command: 'cancelOrder', next: 'CANCELLED', then: [], fields: { reason: { label: 'Reason' } } },
};
const stepNames = Object.keys(steps) as OrderAction[];

/** A button for each step that the order allows now, and beside it why the server refused it. */
export function OrderActions(props: {
  available: readonly OrderAction[];
  send: ReturnType<typeof useTimedCommand>['send'];
}) {
  const { available, send } = props;
  const [refusals, setRefusals] = useState<Partial<Record<OrderAction, ReactNode>>>({});
  const [opened, setOpened] = useState<OrderAction>();
  const [running, setRunning] = useState<OrderAction>();
  // What was typed stays while the order looks as if the step were done, and a refused step until another one is tried.
  const isKept = (name: OrderAction) => name === running || name === opened || refusals[name] !== undefined;
  const shown = stepNames.filter(name => available.includes(name) || isKept(name));

  async function run(name: OrderAction, step: Step, input: object) {
    setRefusals({});
    setRunning(name);
    try {
      const result = await send(step.command, input, {
        what: actionWords[name],
        next: step.next,
        actions: step.then,
      });
      if (result.accepted) setOpened(undefined);
      else setRefusals({ [name]: refusalText(result.error) });
    } catch (error) {
      const { title, advice } = wordsOf(error);
      setRefusals({ [name]: `${title}. ${advice}` });
    } finally {
      setRunning(undefined);
    }
  }

  if (shown.length === 0) return null;
  return (
    <ul className="order-actions">
      {shown.map(name => {
        const step = steps[name];
        if (!step) return null;
        const isOpen = opened === name;
        return (
          <li key={name} data-action={name}>
            {step.fields ? (
              <button
                aria-expanded={isOpen}
                className={name === 'CANCEL' ? 'danger' : 'primary'}
                disabled={!available.includes(name)}
                onClick={() => {
                  setOpened(isOpen ? undefined : name);
                }}
              >
                {actionWords[name]}…
              </button>
            ) : (
              <button
                className="primary"
                disabled={running !== undefined || !available.includes(name)}
                onClick={() => void run(name, step, {})}
              >
                {actionWords[name]}
              </button>
            )}
            {step.fields && isOpen && (
              <StepForm
                fields={step.fields}
                word={actionWords[name]}
                isRunning={running !== undefined}
                onSend={input => {
                  void run(name, step, input);
                }}
              />
            )}
            <Refusal>{refusals[name]}</Refusal>
          </li>
        );
      })}
    </ul>
  );
}

function StepForm(props: {
  fields: NonNullable<Step['fields']>;
  word: string;
  isRunning: boolean;
  onSend: (input: Readonly<Record<string, string>>) => void;
}) {
  const { fields, word, isRunning, onSend } = props;
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const id = useId();
  return (
    <form
      className="step-form"
      onSubmit={event => {
        event.preventDefault();
        onSend(Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== '')));
      }}
    >
      {Object.entries(fields).map(([name, { label, isOptional }], index) => (
        <p key={name}>
          <label htmlFor={`${id}-${name}`}>
            {label} {isOptional && <span className="quiet">(optional)</span>}
          </label>
          <input
            id={`${id}-${name}`}
            required={!isOptional}
            autoFocus={index === 0}
            value={values[name] ?? ''}
            onChange={({ target }) => {
              setValues({ ...values, [name]: target.value });
            }}
          />
        </p>
      ))}
      <button className="primary" disabled={isRunning}>
        {word}
      </button>
    </form>
  );
}
