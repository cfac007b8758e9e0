import { Page } from "../ui/page";

export function TroublePage() {
  return <Page title="TroublePage">…</Page>;
}
