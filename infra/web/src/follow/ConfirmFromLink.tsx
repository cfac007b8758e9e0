import { Trans } from "@lingui/react/macro";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ApiProblem } from "../api/problems";
import { Notice, Why } from "../ui/states";
import { confirmByCode, useRefresh } from "./following";

/** Confirms by the code that a notification brought into the address (src/push.ts), and takes it out of there. */
export function ConfirmFromLink() {
  const { confirm, code }: { confirm?: string; code?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const refresh = useRefresh();
  const tried = useRef<string>(undefined);
  const [came, setCame] = useState<"confirmed" | { error: unknown }>();
  useEffect(() => {
    if (!confirm || !code || tried.current === code) return;
    tried.current = code;
    const here = location.pathname;
    confirmByCode(confirm, code)
      .then(refresh)
      .then(() => setCame("confirmed"))
      .catch((error: unknown) => setCame({ error }))
      .finally(() => {
        if (location.pathname === here)
          void navigate({ to: ".", search: {}, replace: true, resetScroll: false });
      });
  });
  if (!came) return null;
  if (came === "confirmed")
    return (
      <Notice tone="good" says>
        <p>
          <Trans>Confirmed. Changes are told here from now on.</Trans>
        </p>
      </Notice>
    );
  const { error } = came;
  return (
    <Notice tone="bad" says>
      <p>
        {error instanceof ApiProblem && error.status === 400 ? (
          <Trans>That confirmation is too old. Follow again to get another.</Trans>
        ) : (
          <Why error={error} />
        )}
      </p>
    </Notice>
  );
}
