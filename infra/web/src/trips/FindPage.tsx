import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, unwrap } from "../api/client";
import { ApiProblem, Refused } from "../api/problems";
import { bookingIs } from "../book/bookings";
import { AskForm, TextLine } from "../ui/forms";
import { Page } from "../ui/page";
import ui from "../ui/ui.module.css";

/** Find a booking by what stands on its papers. */
export function FindPage() {
  const { t } = useLingui();
  return (
    <Page title={t`Find my booking`} narrow>
      <section className={ui.card}>
        <FindForm />
      </section>
      <p>
        <Link to="/trips">
          <Trans>My trips</Trans>
        </Link>
      </p>
    </Page>
  );
}

/** Opens a booking with its locator and a family name; from then on this device may open it. */
export function FindForm({ pnr }: { pnr?: string }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();

  async function find(fields: FormData) {
    const locator = String(fields.get("pnr")).replaceAll(/\s/g, "").toUpperCase();
    const name = String(fields.get("family_name")).trim();
    try {
      const headers = { "X-Family-Name": encodeURIComponent(name) };
      const asked = { params: { path: { pnr: locator } }, headers };
      const booking = await unwrap(api.GET("/v1/bookings/{pnr}", asked));
      bookingIs(client, booking, true);
      await navigate({ to: "/bookings/$pnr", params: { pnr: booking.pnr } });
    } catch (reason) {
      if (!(reason instanceof ApiProblem)) throw reason;
      if (reason.status === 400)
        throw new Refused("", {
          pnr: t`This is no booking reference. One has six letters and digits, such as K3M9TZ.`,
        });
      if (reason.status === 404)
        throw new Refused(
          t`There is no booking with this reference and this family name. Look at both on your confirmation.`,
        );
      throw reason;
    }
  }

  return (
    <AskForm submit={t`Open the booking`} ask={find}>
      <TextLine
        name="pnr"
        label={t`Booking reference`}
        hint={t`Six letters and digits, on your confirmation and your boarding pass`}
        required
        maxLength={12}
        value={pnr}
        autoComplete="off"
      />
      <TextLine
        name="family_name"
        label={t`Family name of a passenger`}
        required
        maxLength={60}
        autoComplete="family-name"
      />
    </AskForm>
  );
}
