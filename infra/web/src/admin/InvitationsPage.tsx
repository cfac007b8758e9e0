import { Page } from "../ui/page";

export function InvitationsPage() {
  return <Page title="InvitationsPage">…</Page>;
}
