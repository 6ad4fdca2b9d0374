import * as ToggleGroup from '@radix-ui/react-toggle-group';
import type { RoleName } from '../sign-in/role-name.ts';
import { actAs, offeredRoles } from '../sign-in/viewer.ts';

/** In development: as whom one sees the console. */
export function RoleSwitch({ role }: { role: RoleName }) {
  return (
    <ToggleGroup.Root
      className="segments"
      type="single"
      aria-label="Your role"
      value={role}
      onValueChange={value => {
        const chosen = offeredRoles.find(offered => offered === value);
        if (chosen) actAs(chosen);
      }}
    >
      {offeredRoles.map(offered => (
        <ToggleGroup.Item key={offered} value={offered}>
          {offered}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}
