using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace ForgeShop.Benchmarks.Pipelines;

/// <summary>
/// Runs one pipeline as a child process of <c>./forge bench orders</c>. It prints <c>ready</c>, then reads one command a line and answers
/// each with a line of JSON: <c>orders N CLIENTS</c> places N orders as fast as it can and waits until all are complete, <c>alone N</c>
/// places N orders one after the other, <c>messages N</c> commits N messages at once and waits until all are handled.
/// </summary>
internal sealed class PipelineProcess(IPipeline pipeline, NpgsqlDataSource database)
{
    public const string Argument = "pipeline";
    private const string BatchPrefix = "messaging-batch-";

    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly TimeSpan CompleteTimeout = TimeSpan.FromMinutes(3), Poll = TimeSpan.FromMilliseconds(20),
    PollAlone = TimeSpan.FromMilliseconds(1);

    private long _placed, _sent;

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string kind, CancellationToken cancellationToken)
    {
        try
        {
            await AnswerAllAsync(kind, cancellationToken);
            return 0;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"pipeline {kind}: {exception.GetBaseException().Message}");
            return 1;
        }
    }

    private static async Task AnswerAllAsync(string kind, CancellationToken cancellationToken)
    {
        var settings = new PipelineSettings(Variable("ConnectionStrings__bench"), Variable("ConnectionStrings__kafka"), "bench-" + kind);
        await using IPipeline pipeline = kind switch
        {
            "wolverine" => new WolverinePipeline(settings, batched: false),
            "wolverine-batched" => new WolverinePipeline(settings, batched: true),
            "messaging" => new MessagingPipeline(settings, batchSize: null),
            _ when kind.StartsWith(BatchPrefix, StringComparison.Ordinal) =>
                new MessagingPipeline(settings, Number(kind[BatchPrefix.Length..])),
            _ => throw new ArgumentException($"There is no pipeline '{kind}'.", nameof(kind)),
        };
        await pipeline.StartAsync(cancellationToken);
        await using var database = NpgsqlDataSource.Create(settings.Database);
        await new PipelineProcess(pipeline, database).AnswerAsync(Console.In, Console.Out, cancellationToken);
    }

    private static string Variable(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new ArgumentException($"Set the environment variable {name}.");

    private async Task AnswerAsync(TextReader commands, TextWriter answers, CancellationToken cancellationToken)
    {
        await answers.WriteLineAsync("ready");
        while (await commands.ReadLineAsync(cancellationToken) is { } command)
        {
            var answer = command.Split(' ') switch
            {
                ["orders", var orders, var clients] => await PlaceManyAsync(Number(orders), Number(clients), cancellationToken),
                ["alone", var orders] => await PlaceAloneAsync(Number(orders), cancellationToken),
                ["messages", var messages] => await SendAsync((MessagingPipeline)pipeline, Number(messages), cancellationToken),
                _ => throw new ArgumentException($"There is no command '{command}'."),
            };
            await ReconcileAsync(cancellationToken);
            await answers.WriteLineAsync(JsonSerializer.Serialize(answer, JsonSerializerOptions.Web));
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private async Task<PipelineRound> PlaceManyAsync(int orders, int clients, CancellationToken cancellationToken)
    {
        var (last, left, cpu, started) = (
            await LastEffectAsync(cancellationToken), orders, Environment.CpuUsage.TotalTime, Time.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(
            async () =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                    await PlaceAsync(cancellationToken);
            },
            cancellationToken)));
        await CompleteAsync(orders, last, started, Poll, cancellationToken);
        var cpuEach = (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / orders;
        return new(orders, Time.GetElapsedTime(started).TotalSeconds, cpuEach, null);
    }

    private async Task<PipelineRound> PlaceAloneAsync(int orders, CancellationToken cancellationToken)
    {
        var (whole, cpu, each) = (Time.GetTimestamp(), Environment.CpuUsage.TotalTime, new List<double>());
        for (var i = 0; i < orders; i++)
        {
            var (last, started) = (await LastEffectAsync(cancellationToken), Time.GetTimestamp());
            await PlaceAsync(cancellationToken);
            await CompleteAsync(1, last, started, PollAlone, cancellationToken);
            each.Add(Time.GetElapsedTime(started).TotalMilliseconds);
        }

        var cpuEach = (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / orders;
        return new(orders, Time.GetElapsedTime(whole).TotalSeconds, cpuEach, each.Order().ElementAt(orders / 2));
    }

    private async Task<PipelineRound> SendAsync(MessagingPipeline messaging, int messages, CancellationToken cancellationToken)
    {
        var last = await LastEffectAsync(cancellationToken);
        await messaging.SendAsync(messages, cancellationToken);
        _sent += messages;
        var (cpu, started) = (Environment.CpuUsage.TotalTime, Time.GetTimestamp());
        await CompleteAsync(messages, last, started, Poll, cancellationToken);
        var cpuEach = (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / messages;
        return new(messages, Time.GetElapsedTime(started).TotalSeconds, cpuEach, null);
    }

    private async Task PlaceAsync(CancellationToken cancellationToken)
    {
        await pipeline.PlaceAsync(Guid.NewGuid(), cancellationToken);
        Interlocked.Increment(ref _placed);
    }

    private async Task CompleteAsync(int orders, long after, long started, TimeSpan poll, CancellationToken cancellationToken)
    {
        while (await CountCompleteAsync(after, cancellationToken) is var complete && complete < orders)
        {
            if (Time.GetElapsedTime(started) > CompleteTimeout)
                throw new TimeoutException(
                    $"{orders - complete} of {orders} orders are not complete after {CompleteTimeout.TotalMinutes:0} minutes.");
            await Task.Delay(poll, cancellationToken);
        }
    }

    /// <summary>Checks that every message of every order has its step and its effect exactly once.</summary>
    private async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var (steps, effects) = (_placed * Chain.Length, (_placed * Chain.Length) + _sent);
        var found = (
            await ScalarAsync("select /* bench */ count(*) from steps", null, cancellationToken),
            await ScalarAsync("select /* bench */ count(*) from effects", null, cancellationToken),
            await ScalarAsync("select /* bench */ count(distinct (order_id, number)) from effects", null, cancellationToken));
        if (found != (steps, effects, effects))
            throw new InvalidOperationException($"(steps, effects, distinct effects) is {found} and not {(steps, effects, effects)}.");
    }

    private Task<long> LastEffectAsync(CancellationToken cancellationToken) =>
        ScalarAsync("select /* bench */ coalesce(max(id), 0) from effects", null, cancellationToken);

    private Task<long> CountCompleteAsync(long after, CancellationToken cancellationToken) =>
        ScalarAsync($"select /* bench */ count(*) from effects where number = {Chain.Length} and id > $1", after, cancellationToken);

    // The comment lets the parent leave these queries out when it counts statements.
    private async Task<long> ScalarAsync(string sql, long? parameter, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        if (parameter is { } value)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
