namespace ForgeShop.Reporting;

/// <summary>POST and GET /api/v1/reports/rebuild</summary>
public static class RebuildEndpoints
{
    /// <param name="State">none, folding, finishing, complete or failed.</param>
    /// <param name="EventsFolded">The number of recorded events in the new read models.</param>
    /// <param name="EventsTotal">The number of recorded events in the read models that serve.</param>
    /// <param name="StartedAt">The time of the request.</param>
    /// <param name="FinishedAt">The time when the rebuild was complete or failed.</param>
    /// <param name="Error">The reason of a failure.</param>
    /// <param name="AsOf">The time when the latest event was recorded that the read models that serve include.</param>
    public sealed record Progress(
        string State, long EventsFolded, long EventsTotal, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, string? Error,
        DateTimeOffset? AsOf);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/rebuild", Start)
            .WithName("RebuildReports")
            .WithSummary("Rebuilds all read models from the event log. The present ones serve until the new ones are complete.")
            .WithErrorCodes((409, "rebuild-running"))
            .Produces<Progress>(StatusCodes.Status202Accepted)
            .RequirePermission(Permissions.ReportsWrite);
        routes.MapGet("/rebuild", Show)
            .WithName("GetRebuild")
            .WithSummary("Shows the progress of the latest rebuild.")
            .Produces<Progress>()
            .RequirePermission(Permissions.ReportsRead, Permissions.ReportsWrite);
    }

    private static async Task<IResult> Start(
        NoMembers? body, ReadModels models, RebuildWorker worker, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await models.TryStartRebuildAsync(time.GetUtcNow(), cancellationToken) is not { } started)
            return Problems.Conflict("rebuild-running", "A rebuild is running. GET /api/v1/reports/rebuild shows its progress.");
        worker.Wake();
        return TypedResults.Accepted("/api/v1/reports/rebuild", await ProgressAsync(started, models, cancellationToken));
    }

    private static async Task<IResult> Show(ReadModels models, CancellationToken cancellationToken) =>
        TypedResults.Ok(await ProgressAsync((await models.ReadStateAsync(cancellationToken)).Value, models, cancellationToken));

    private static async Task<Progress> ProgressAsync(ReadModelState state, ReadModels models, CancellationToken cancellationToken)
    {
        var active = await models.Get(state.Generation).ReadCheckpointsAsync(cancellationToken);
        var total = active.Sum(checkpoint => checkpoint.Events);
        var asOf = active.Max(checkpoint => (DateTimeOffset?)checkpoint.RecordedAt);
        if (state.Rebuild is not { } rebuild)
            return new("none", 0, total, null, null, null, asOf);
        var folded = rebuild.Generation == state.Generation ? total
            : rebuild.Status is RebuildStatus.Failed ? 0
            : (await models.Get(rebuild.Generation).ReadCheckpointsAsync(cancellationToken)).Sum(checkpoint => checkpoint.Events);
        return new($"{rebuild.Status}".ToLowerInvariant(), folded, total, rebuild.StartedAt, rebuild.FinishedAt, rebuild.Error, asOf);
    }
}
