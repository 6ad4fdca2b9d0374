import { useCommand } from '@orderstream/client/react';
import { EntryForm } from '../parts/entry-form.tsx';
import { useFocusBack } from '../parts/use-focus-back.ts';
import { useKept } from '../parts/use-kept.ts';

const fields = {
  name: { label: 'Name', maxLength: 200 },
  email: { label: 'E-mail', type: 'email', maxLength: 254 },
} as const;

/** A button that opens the form for a new customer. */
export function RegisterCustomer() {
  const run = useCommand();
  const [values, setValues] = useKept<Readonly<Record<string, string>>>('register');
  const [button, closed] = useFocusBack();
  if (!values) {
    return (
      <button
        ref={button}
        onClick={() => {
          setValues({});
        }}
      >
        Register a customer
      </button>
    );
  }
  const close = () => {
    closed();
    setValues(undefined);
  };
  return (
    <section className="panel new-entry" aria-label="Register a customer">
      <EntryForm
        fields={fields}
        values={values}
        word="Register"
        onChange={setValues}
        onSend={() => run('registerCustomer', { name: values['name'] ?? '', email: values['email'] ?? '' })}
        onDone={close}
        onCancel={close}
      />
    </section>
  );
}
