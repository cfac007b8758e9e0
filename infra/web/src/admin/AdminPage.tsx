import { Outlet } from "@tanstack/react-router";

export function AdminPage() {
  return <Outlet />;
}
