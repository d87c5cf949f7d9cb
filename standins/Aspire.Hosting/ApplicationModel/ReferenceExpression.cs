namespace Aspire.Hosting.ApplicationModel;

/// <summary>A value that is known only when the ports are chosen and the parameters are read.</summary>
public class ReferenceExpression
{
    private readonly Func<CancellationToken, ValueTask<string?>> evaluate;

    internal ReferenceExpression(Func<CancellationToken, ValueTask<string?>> evaluate) => this.evaluate = evaluate;

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => evaluate(cancellationToken);

    internal static ReferenceExpression Of(Func<string> value) => new(_ => ValueTask.FromResult<string?>(value()));
}
