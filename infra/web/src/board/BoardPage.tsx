import { Page } from "../ui/page";

export function BoardPage() {
  return <Page title="BoardPage">…</Page>;
}
