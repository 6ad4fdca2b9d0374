import type { ComponentProps } from 'react';
import { EntryForm } from './entry-form.tsx';
import { useFocusBack } from './use-focus-back.ts';
import { useKept } from './use-kept.ts';

type Values = Readonly<Record<string, string>>;

/**
 * A button that opens the form for something new. What is typed is kept by a reload.
 * @param props.kept the name under which it is kept
 * @param props.title of the button and the form
 * @param props.first what the form holds when it is opened
 */
export function NewEntry(props: {
  kept: string;
  title: string;
  word: string;
  fields: ComponentProps<typeof EntryForm>['fields'];
  first: () => Values;
  onSend: (values: Values) => ReturnType<ComponentProps<typeof EntryForm>['onSend']>;
}) {
  const { kept, title, word, fields, first, onSend } = props;
  const [values, setValues] = useKept<Values>(kept);
  const [button, closed] = useFocusBack();
  if (!values) {
    return (
      <button
        ref={button}
        onClick={() => {
          setValues(first());
        }}
      >
        {title}
      </button>
    );
  }
  const close = () => {
    closed();
    setValues(undefined);
  };
  return (
    <section className="panel new-entry" aria-label={title}>
      <EntryForm
        fields={fields}
        values={values}
        word={word}
        onChange={setValues}
        onSend={() => onSend(values)}
        onDone={close}
        onCancel={close}
      />
    </section>
  );
}
