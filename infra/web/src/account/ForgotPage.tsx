import { Page } from "../ui/page";

export function ForgotPage() {
  return <Page title="ForgotPage">…</Page>;
}
