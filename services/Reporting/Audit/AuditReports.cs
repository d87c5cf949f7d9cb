namespace ForgeShop.Reporting;

/// <summary>POST /api/v1/audit/run, GET /api/v1/audit/last and GET /api/v1/audit/{entityType}</summary>
internal static class AuditReports
{
    private const int MaxRepairs = 500;

    /// <param name="Repair">Whether the owners repair what they can; false by default.</param>
    public sealed record AuditRequest(bool? Repair);

    /// <param name="State">none, running, consistent, inconsistent or failed.</param>
    /// <param name="Checked">The number of checked entries, each counted in each store.</param>
    /// <param name="Estimate">The approximate number of entries of all stores; null if a store does not know it.</param>
    /// <param name="EstimatedEnd">The estimated time of the end; null if it is unknown.</param>
    /// <param name="Wrong">The number of findings.</param>
    /// <param name="Repaired">The number of findings that were gone after the repair.</param>
    /// <param name="Error">The reason of a failure, or the reason why the sweep waits.</param>
    /// <param name="Findings">The first findings.</param>
    public sealed record AuditReport(
        string State, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, bool Repair, string? Step, long Checked, long? Estimate,
        DateTimeOffset? EstimatedEnd, long Wrong, long Repaired, string? Error, IReadOnlyList<StoreCount> Stores,
        IReadOnlyList<AuditFinding> Findings, IReadOnlyList<RepairRecord> Repairs);

    /// <param name="Stores">
    /// Each store that holds the entity or must hold it, and the rows and documents of other entities that carry its ID.
    /// </param>
    /// <param name="Events">The recorded events that carry its ID, by time; of a user those about the latest 50 orders.</param>
    public sealed record EntityReport(
        string EntityType, Guid ExpectedId, bool Consistent, IReadOnlyList<StoredEntity> Stores, IReadOnlyList<FoundEvent> Events);

    public sealed record StoredEntity(string Store, string EntityType, Guid Id, string State, string? Detail);

    /// <param name="Position">The position in Kafka: <c>topic-partition:offset</c>.</param>
    /// <param name="TraceId">Its OpenTelemetry trace.</param>
    /// <param name="Stores">The outbox, the inboxes and the event log that hold it.</param>
    public sealed record FoundEvent(
        EventId Id, string Type, DateTimeOffset Time, string Position, string? TraceId, IReadOnlyList<string> Stores);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/run", Start)
            .WithName("RunAudit")
            .WithSummary("Starts a sweep over all stores. With repair, the owners repair what they can; money and stock are only reported.")
            .WithErrorCodes((409, "audit-running"))
            .Produces<AuditReport>(StatusCodes.Status202Accepted)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict)
            .RequirePermission(Permissions.AuditRun);
        routes.MapGet("/last", Show)
            .WithName("GetLastAudit")
            .WithSummary("Shows the last sweep: its progress while it runs, and its report afterwards.")
            .Produces<AuditReport>()
            .RequirePermission(Permissions.AuditRead, Permissions.AuditRun);
        routes.MapGet("/{entityType}", Find)
            .WithName("AuditEntity")
            .WithSummary(
                "Derives an ID from a natural key (key=, or one parameter for each field) and compares everything that carries it.")
            .WithErrorCodes((404, "unknown-entity-type"))
            .Produces<EntityReport>()
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .RequirePermission(Permissions.AuditRead);
    }

    private static async Task<IResult> Start(
        AuditRequest? body, Caller caller, AuditRuns runs, AuditWorker worker, TimeProvider time, CancellationToken cancellationToken)
    {
        var read = await runs.ReadAsync(cancellationToken);
        var run = new AuditRun(Guid.CreateVersion7(), time.GetUtcNow(), caller.Id, body?.Repair ?? false);
        if (read?.Value.Status is AuditStatus.Running || await runs.TryWriteAsync(read, run, cancellationToken) is null)
            return Problems.Conflict("audit-running", "A sweep is running. GET /api/v1/audit/last shows its progress.");
        worker.Wake();
        return TypedResults.Accepted("/api/v1/audit/last", ReportOf(run, [], time.GetUtcNow()));
    }

    private static async Task<IResult> Show(AuditRuns runs, TimeProvider time, CancellationToken cancellationToken) =>
        await runs.ReadAsync(cancellationToken) is { Value: var run }
            ? TypedResults.Ok(ReportOf(run, await runs.ReadRepairsAsync(run.Id, MaxRepairs, cancellationToken), time.GetUtcNow()))
            : TypedResults.Ok(new AuditReport("none", null, null, false, null, 0, null, null, 0, 0, null, [], [], []));

    private static async Task<IResult> Find(
        string entityType, HttpRequest request, ForgeIds ids, EntityAudit audit, CancellationToken cancellationToken)
    {
        if (!ids.Catalogue.TryGet(entityType, out var type))
            return Problems.NotFound("unknown-entity-type", "There is no such entity type; GET /api/v1/ids lists those there are.");
        var fields = request.Query.SelectMany(field => field.Value.Select(value => KeyValuePair.Create(field.Key, value)));
        return ids.TryDerive(type.Name, fields, out var id, out var error)
            ? TypedResults.Ok(await audit.CheckAsync(type.Name, id, cancellationToken))
            : Problems.Validation(error.Field ?? "key", error.ToString());
    }

    private static AuditReport ReportOf(AuditRun run, IReadOnlyList<RepairRecord> repairs, DateTimeOffset now) => new(
        $"{run.Status}".ToLowerInvariant(), run.StartedAt, run.FinishedAt, run.Repair, run.Step, run.Checked, run.Estimate,
        run is { Status: AuditStatus.Running, Estimate: { } estimate, Checked: > 0 }
            ? run.StartedAt + (now - run.StartedAt) * Math.Max(1, (double)estimate / run.Checked) : null,
        run.Wrong, run.Repaired, run.Error, run.Stores, run.Findings, repairs);
}
