using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ForgeShop.Payments.Migrations
{
    /// <inheritdoc />
    public partial class AddLedger : Migration
    {
        // Written by hand: the entries that the rows of the release before would have had. Payments with entries are left out.
        private const string Backfill =
            """
            with appended as (
                insert into ledger (payment_id, version, kind, amount, at)
                select p.id, row_number() over (partition by p.id order by e.step), e.kind, e.amount, e.at
                from payments p cross join lateral (values
                    (1, 'requested', p.amount, case when p.status = 'requested' then p.changed_at else coalesce(p.first_call_at, p.changed_at) end,
                        p.method <> ''),
                    (2, 'charged', p.amount, p.charged_at, p.charged_at is not null),
                    (3, 'refundrequested', p.amount, p.changed_at, p.status in ('refunding', 'refunded')),
                    (4, 'declined', 0, p.changed_at, p.status = 'declined'),
                    (5, 'givenup', 0, p.changed_at, p.status = 'givenup'),
                    (6, 'refunded', case when p.charged_at is null then 0 else p.amount end, p.changed_at, p.status = 'refunded')
                ) e (step, kind, amount, at, happened)
                where e.happened and p.ledger_version = 0
                returning payment_id, kind, amount)
            update payments p set ledger_version = s.entries, charged_amount = s.charged, refunded_amount = s.refunded
            from (select payment_id, count(*) as entries, coalesce(sum(amount) filter (where kind = 'charged'), 0) as charged,
                    coalesce(sum(amount) filter (where kind = 'refunded'), 0) as refunded
                from appended group by payment_id) s
            where p.id = s.payment_id
            """;

        private const string AppendOnly =
            """
            create function refuse_ledger_change() returns trigger language plpgsql as
            $$ begin raise exception 'The ledger is append-only.' using errcode = 'restrict_violation'; end $$;
            create trigger ledger_append_only before update or delete or truncate on ledger
            for each statement execute function refuse_ledger_change()
            """;

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<decimal>(
                name: "charged_amount",
                table: "payments",
                type: "numeric(19,4)",
                nullable: false,
                defaultValue: 0m);

            migrationBuilder.AddColumn<long>(
                name: "ledger_version",
                table: "payments",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<decimal>(
                name: "refunded_amount",
                table: "payments",
                type: "numeric(19,4)",
                nullable: false,
                defaultValue: 0m);

            migrationBuilder.CreateTable(
                name: "ledger",
                columns: table => new
                {
                    payment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    amount = table.Column<decimal>(type: "numeric(19,4)", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_ledger", x => new { x.payment_id, x.version });
                });

            migrationBuilder.Sql(Backfill);
            migrationBuilder.Sql(AppendOnly);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "ledger");

            migrationBuilder.Sql("drop function refuse_ledger_change()");

            migrationBuilder.DropColumn(
                name: "charged_amount",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "ledger_version",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "refunded_amount",
                table: "payments");
        }
    }
}
