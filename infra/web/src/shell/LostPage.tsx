import { Page } from "../ui/page";

export function LostPage() {
  return <Page title="LostPage">…</Page>;
}
