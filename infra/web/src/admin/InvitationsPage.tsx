import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "../api/client";
import { ApiProblem } from "../api/problems";
import type { InvitationLine } from "../api/types";
import { Asking } from "../ui/dialog";
import { AskForm } from "../ui/forms";
import { Page } from "../ui/page";
import { Empty, Failed, Loading } from "../ui/states";
import { relative } from "../ui/times";
import ui from "../ui/ui.module.css";
import { Who } from "./AuditLine";
import { ActsFor, ROLES } from "./Mandate";
import { Table } from "./Table";

const KEY = ["mine", "invitations"];

/** Invitations whose link nobody used yet, and the way to take one back. */
export function InvitationsPage() {
  const { t, i18n } = useLingui();
  const client = useQueryClient();
  const [withdrawing, setWithdrawing] = useState<InvitationLine>();
  const invitations = useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/v1/invitations", { signal }))).invitations,
  });

  async function withdraw(id: string) {
    await unwrap(api.DELETE("/v1/invitations/{id}", { params: { path: { id } } })).catch(
      (reason: unknown) => {
        if (!(reason instanceof ApiProblem && reason.status === 404)) throw reason; // it was used, or is gone already
      },
    );
    await client.invalidateQueries({ queryKey: KEY });
    setWithdrawing(undefined);
  }

  const email = withdrawing?.email ?? "";
  return (
    <Page title={t`Invitations`}>
      {invitations.isPending && <Loading lines={4} label={t`Loading invitations`} />}
      {invitations.error && <Failed error={invitations.error} again={() => void invitations.refetch()} />}
      {invitations.data?.length === 0 && (
        <Empty title={t`No invitation is open`}>
          <p>
            <Trans>
              Each was used, was withdrawn or is older than 7 days.{" "}
              <Link to="/admin/people">Invite somebody</Link>
            </Trans>
          </p>
        </Empty>
      )}
      {invitations.data && invitations.data.length > 0 && (
        <Table
          label={t`Invitations`}
          heads={[t`Address`, t`Role`, t`Acts for`, t`Invited by`, t`Link ends`, t`Withdraw`]}
          rows={invitations.data.map((each) => ({
            key: each.id,
            cells: [
              <strong key="email">{each.email}</strong>,
              <span key="role" className={ui.badge}>
                {i18n._(ROLES[each.role])}
              </span>,
              <ActsFor key="acts" of={each} />,
              each.by ? <Who key="by" id={each.by} /> : t`the terminal`,
              relative((Date.parse(each.expires) - Date.now()) / 1000, i18n.locale),
              <button
                key="withdraw"
                type="button"
                className={`${ui.button} ${ui.danger}`}
                aria-label={t`Withdraw the invitation of ${each.email}`}
                onClick={() => setWithdrawing(each)}
              >
                <Trans>Withdraw …</Trans>
              </button>,
            ],
          }))}
        />
      )}
      <Asking
        title={t`Withdraw the invitation of ${email}?`}
        open={withdrawing !== undefined}
        alert
        onClose={() => setWithdrawing(undefined)}
      >
        <p>
          <Trans>The link in their letter opens nothing any more. You can invite them again.</Trans>
        </p>
        <AskForm
          submit={t`Withdraw`}
          tone="danger"
          ask={() => withdraw(withdrawing?.id ?? "")}
          beside={
            <button type="button" className={ui.button} onClick={() => setWithdrawing(undefined)}>
              <Trans>Back</Trans>
            </button>
          }
        >
          {null}
        </AskForm>
      </Asking>
    </Page>
  );
}
