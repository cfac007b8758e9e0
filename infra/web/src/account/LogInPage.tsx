import { Page } from "../ui/page";

export function LogInPage() {
  return <Page title="LogInPage">…</Page>;
}
