-- append_events() made each of its commits wait for the disk of this server, and for nothing else. A session may now ask
-- for more or for something else that is safe with standbys: remote_apply or remote_write. It still may not ask for less
-- (off, local): an acknowledged command would be lost with the server.
DO $change$
DECLARE
  pinned constant text := $$PERFORM set_config('synchronous_commit', 'on', true);$$;
  checked constant text := $$IF current_setting('synchronous_commit') IN ('off', 'local') THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;$$;
  appending oid;
  definition text;
BEGIN
  FOR appending IN
    SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proname = 'append_events'
  LOOP
    -- It replaces the function, so its owner and its rights stay.
    definition := replace(pg_get_functiondef(appending), pinned, checked);
    IF position(checked IN definition) = 0 THEN
      RAISE EXCEPTION 'append_events is not the function of the migrations before';
    END IF;
    EXECUTE definition;
  END LOOP;
END $change$;
