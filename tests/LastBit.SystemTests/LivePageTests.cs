using System.Diagnostics;
using LastBit.Reports.Live;
using LastBit.Tests;
using LastBit.Tests.Cli;
using Microsoft.Playwright;

namespace LastBit.SystemTests;

[Collection(nameof(BrowserTests))]
public class LivePageTests(Browser browser)
{
    [Fact]
    public async Task The_page_follows_tasks_and_curves_to_the_end_of_the_run()
    {
        var run = new LiveRun();
        LiveServer server = LiveServer.Start(run, "lastbit accuracy", 0, TimeSpan.FromMilliseconds(50));
        run.Begin("seed 1", 20, "epochs");
        run.Point("test accuracy", "k = 1", 1, 31.25);
        run.Point("test accuracy", "k = 3", 1, 31.5);
        await using WatchedPage page = await browser.Open(server.Address);
        await Assertions.Expect(page.Page.Locator("h1")).ToHaveTextAsync("lastbit accuracy");
        ILocator note = page.Page.Locator("#tasks .note");
        await Assertions.Expect(note).ToHaveTextAsync("0 of 20 epochs");
        ILocator values = page.Page.Locator("figure output");
        await Assertions.Expect(values).ToHaveTextAsync(["31.25", "31.5"]);

        run.Advance("seed 1", 7, "loss <b>0.5</b>");
        run.Point("test accuracy", "k = 1", 2, 40.125);
        run.Point("test accuracy", "k = 3", 2, double.NaN);
        run.Point("weights", "layer2", 1, 1e-9);
        await Assertions.Expect(note).ToHaveTextAsync("7 of 20 epochs · loss <b>0.5</b>");
        await Assertions.Expect(page.Page.Locator("progress")).ToHaveJSPropertyAsync("value", 7);
        await Assertions.Expect(page.Page.Locator("figure").First.Locator("output")).ToHaveTextAsync(["40.13", "–"]);
        await Assertions.Expect(page.Page.Locator("figure h3")).ToHaveTextAsync(["test accuracy", "weights"]);

        ILocator key = page.Page.Locator("figure .key").First;
        await key.ClickAsync();
        run.Point("test accuracy", "k = 1", 3, 41);
        await Assertions.Expect(page.Page.Locator("figure output").First).ToHaveTextAsync("41");
        await Assertions.Expect(key).ToHaveAttributeAsync("aria-pressed", "false");

        run.Message("The results are in runs/a.");
        await server.DisposeAsync();
        await Assertions.Expect(page.Page.Locator("#state")).ToContainTextAsync("Finished");
        await Assertions.Expect(page.Page.Locator("#messages")).ToHaveTextAsync("The results are in runs/a.");
        Assert.Empty(page.Complaints);
        Assert.All(page.Requests, address => Assert.StartsWith(server.Address, address, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_at_work_comes_first_and_a_curve_that_blows_up_has_numbers_on_its_axis()
    {
        var run = new LiveRun();
        await using LiveServer server = LiveServer.Start(run, "lastbit nonlinear", 0, TimeSpan.FromMilliseconds(50));
        run.Begin("dt 0.4", 3, "steps");
        run.End("dt 0.4");
        run.Begin("learning rate 0.13", 3, "iterations");
        run.Begin("learning rate 0.05", 3, "iterations");
        run.Point("loss", "learning rate 0.13", 1, 1);
        run.Point("loss", "learning rate 0.13", 2, 4.6e305);
        await using WatchedPage page = await browser.Open(server.Address);
        await Assertions.Expect(page.Page.Locator("#tasks .task")).ToHaveTextAsync(["learning rate 0.13", "learning rate 0.05", "dt 0.4"]);
        run.End("learning rate 0.13");
        await Assertions.Expect(page.Page.Locator("#tasks .task")).ToHaveTextAsync(["learning rate 0.05", "dt 0.4", "learning rate 0.13"]);
        await Assertions.Expect(page.Page.Locator("figure canvas")).ToBeVisibleAsync();
        // The first switch makes the axis linear, the next one logarithmic again.
        Assert.Contains("4×10³⁰⁵", await Switched());
        string[] logarithmic = await Switched();
        Assert.Contains("10³⁰⁰", logarithmic);
        Assert.Contains("iteration", logarithmic);
        Assert.Empty(page.Complaints);

        Task<string[]> Switched() => page.Page.EvaluateAsync<string[]>("""
            async () => {
              const texts = [], own = CanvasRenderingContext2D.prototype.fillText;
              CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...rest) { texts.push(text); return own.call(this, text, x, y, ...rest); };
              [...document.querySelectorAll("figure button")].find(one => one.textContent === "log y").click();
              await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
              CanvasRenderingContext2D.prototype.fillText = own;
              return texts;
            }
            """);
    }

    [Fact]
    public async Task A_run_of_the_command_line_shows_itself_while_it_goes_on()
    {
        using var folder = new TemporaryFolder();
        using Process lastbit =
            LastBitProcess.Start(folder.Path, "nonlinear", "--live", "--quiet", "--json", "--image-size", "64", "--kernel-size", "8",
            "--learning-rate", "0.01,0.05", "--iterations", "3000000", "--out", "run");
        try
        {
            string line = (await lastbit.StandardError.ReadLineAsync(TestContext.Current.CancellationToken))!;
            Assert.StartsWith("Live:    http://127.0.0.1:", line, StringComparison.Ordinal);
            await using WatchedPage page = await browser.Open(line["Live:".Length..].Trim());
            await Assertions.Expect(page.Page.Locator("h1")).ToHaveTextAsync("lastbit nonlinear");
            await Assertions.Expect(page.Page.Locator("#tasks li")).Not.ToHaveCountAsync(0);
            await page.Page.WaitForFunctionAsync("() => Number(document.body.dataset.events) >= 3 "
                + "&& [...document.querySelectorAll('progress')].some(bar => bar.value > 0)");
            await Assertions.Expect(page.Page.Locator("#state")).ToContainTextAsync("Running");
            await Assertions.Expect(page.Page.Locator("figure canvas").First).ToBeVisibleAsync();
            lastbit.Kill(entireProcessTree: true);
            await Assertions.Expect(page.Page.Locator("#state")).ToContainTextAsync("Connection lost");
            Assert.All(page.Complaints, complaint => Assert.Contains("ERR_", complaint, StringComparison.Ordinal));
        }
        finally
        {
            if (!lastbit.HasExited)
                lastbit.Kill(entireProcessTree: true);
            await lastbit.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }
}
