using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace AspNetChat;

/// <summary>The people of the demonstration. A real app has a directory and passwords.</summary>
internal static class People
{
    public const string TenantClaim = "tenant_id";

    private static readonly Dictionary<string, (string Tenant, string Role)> All = new(StringComparer.Ordinal)
    {
        ["ann"] = ("northwind", "customer"),
        ["bo"] = ("contoso", "customer"),
        ["cleo"] = ("fabrikam", "customer"),
        ["olga"] = ("larkspur", "operator"),
    };

    public static IEnumerable<string> Tenants => All.Values.Where(person => person.Role == "customer").Select(person => person.Tenant);

    public static async Task<IResult> SignInAsync(Person person, HttpContext context)
    {
        if (!All.TryGetValue(person.Name, out var known))
        {
            return Results.BadRequest();
        }

        Claim[] claims = [new(ClaimTypes.Name, person.Name), new(ClaimTypes.Role, known.Role), new(TenantClaim, known.Tenant)];
        var identity = new ClaimsIdentity(claims, CookieAuthenticationDefaults.AuthenticationScheme);
        await context.SignInAsync(new ClaimsPrincipal(identity));
        return Results.Ok(new { person.Name, known.Tenant });
    }

    public static Task Refuse(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}

internal sealed record Person(string Name);
