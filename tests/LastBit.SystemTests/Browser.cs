using LastBit.Tests.Reports;
using Microsoft.Playwright;

namespace LastBit.SystemTests;

/// <summary>
/// The Chromium that is installed here, driven by Playwright; nothing is ever downloaded. A test that needs it is skipped, with the
/// reason, where there is none.
/// </summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Names =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chrome.exe", "msedge.exe"];

    // Milliseconds. What never comes is a failure; what comes late on a busy machine is none.
    private const float Patience = 300_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string? _whyNot;

    public async ValueTask InitializeAsync()
    {
        string? executable = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (executable is null)
        {
            _whyNot = $"No browser: none of {string.Join(", ", Names)} is in the PATH; install Debian's chromium, say, to run the tests "
                + "of the pages.";
            return;
        }
        _playwright = await Playwright.CreateAsync();
        Assertions.SetDefaultExpectTimeout(Patience);
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = executable,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>Opens a page in a window of its own and listens to what goes wrong in it.</summary>
    internal async Task<WatchedPage> Open(string address, int width = 1280, ColorScheme scheme = ColorScheme.Light, bool scripts = true)
    {
        Assert.SkipWhen(_whyNot is not null, _whyNot ?? "");
        IBrowserContext context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = scheme,
            JavaScriptEnabled = scripts,
            ReducedMotion = ReducedMotion.Reduce,
            HasTouch = width < 500,
        });
        IPage page = await context.NewPageAsync();
        page.SetDefaultTimeout(Patience);
        var watched = new WatchedPage(context, page);
        await page.GotoAsync(address);
        return watched;
    }
}

/// <summary>A page, and what it asked for and complained of.</summary>
internal sealed class WatchedPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];
    private readonly List<string> _requests = [];

    internal WatchedPage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) => _complaints.Add($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => _complaints.Add(error);
        context.Request += (_, request) => _requests.Add(request.Url);
    }

    internal IPage Page { get; }

    /// <summary>Everything on the console and every error of a script.</summary>
    internal IReadOnlyList<string> Complaints => _complaints;

    /// <summary>Every address that was asked for but the page's own content.</summary>
    internal IEnumerable<string> Requests => _requests.Where(address => !address.StartsWith("data:", StringComparison.Ordinal));

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}

/// <summary>One browser for all tests that use one.</summary>
[CollectionDefinition(nameof(BrowserTests))]
public sealed class BrowserTests : ICollectionFixture<Browser>, ICollectionFixture<SmallRun>;
