using ForgeShop.ServiceDefaults.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.ServiceDefaults;

/// <summary>An error response of an endpoint.</summary>
public sealed class ProblemResult : IResult, IStatusCodeHttpResult, IValueHttpResult<ProblemDetails>, IContentTypeHttpResult
{
    public ProblemResult(int status, string code, string detail)
    {
        Code = code;
        Value = new ProblemDetails { Status = status, Detail = detail, Extensions = { ["code"] = code } };
    }

    public string Code { get; }

    public ProblemDetails Value { get; }

    /// <summary>Gets the time after which to retry; sent in whole seconds, rounded up.</summary>
    public TimeSpan? RetryAfter { get; set; }

    public int? StatusCode => Value.Status;

    public string? ContentType => ProblemWriter.ContentType;

    /// <summary>Adds an extension member to the body.</summary>
    public ProblemResult With(string member, object value)
    {
        Value.Extensions[member] = value;
        return this;
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Value.Status!.Value;
        if (RetryAfter is { } pause)
            httpContext.Response.Headers.RetryAfter = ((int)Math.Max(1, Math.Ceiling(pause.TotalSeconds))).ToString();
        await httpContext.RequestServices.GetRequiredService<IProblemDetailsService>()
            .WriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = Value });
    }
}
