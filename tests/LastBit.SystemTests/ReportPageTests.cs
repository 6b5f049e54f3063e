using System.Globalization;
using LastBit.Reports;
using LastBit.Reports.Claims;
using LastBit.Reports.Sections;
using LastBit.Tests.Reports;
using Microsoft.Playwright;

namespace LastBit.SystemTests;

/// <summary>report.html in a browser.</summary>
[Collection(nameof(BrowserTests))]
public class ReportPageTests(Browser browser, SmallRun run)
{
    private const string Left = "#figure4-left .chart", Right = "#figure4-right .chart >> nth=1";

    [Fact]
    public async Task The_page_opens_from_disk_without_an_error_and_without_the_network()
    {
        await using WatchedPage page = await browser.Open(run.Address);
        await Assertions.Expect(page.Page.Locator(".chart .u-over")).ToHaveCountAsync(11);
        Assert.Equal("How much of a training run is rounding error?", await page.Page.Locator("h1").InnerTextAsync());
        Assert.Empty(page.Complaints);
        Assert.All(page.Requests, address => Assert.StartsWith("file:", address, StringComparison.Ordinal));
        Assert.InRange(new FileInfo(run.ReportFile).Length, 1, 5_000_000);
    }

    [Fact]
    public async Task Verdicts_and_numbers_on_the_page_are_those_of_the_rules()
    {
        await using WatchedPage page = await browser.Open(run.Address);
        foreach (ReportSection section in Report.Sections(Report.Open(run.Folder)).Where(section => section.HasData))
        {
            ILocator place = page.Page.Locator($"#{section.Id}");
            Assert.Equal(Letters(section.Finding.Decides), Letters((await place.Locator(".decides").TextContentAsync())!));
            string verdict = section.Finding.Verdict switch
            {
                Verdict.Confirmed => "✓ confirmed",
                Verdict.NotConfirmed => "✗ not confirmed",
                Verdict.TooSmall => "○ not tested at this scale",
                _ => "○ not tested by these runs",
            };
            Assert.Equal(verdict, await place.Locator(".verdict").InnerTextAsync());
            Assert.Equal(verdict, await page.Page.Locator($".glance tr:has(a[href='#{section.Id}']) .verdict").InnerTextAsync());
        }
        // What is decided comes before what was too small to be, and that before what was not run.
        int[] order = [.. (await page.Page.Locator(".glance .verdict").AllInnerTextsAsync()).Select(verdict =>
            verdict[0] switch { '✓' or '✗' => 0, '○' => 1, _ => 2 })];
        Assert.Equal(order.Order(), order);
        Assert.Contains(0, order);
        Assert.Contains(1, order);
    }

    [Fact]
    public async Task The_value_under_the_pointer_is_the_one_in_the_result()
    {
        await using WatchedPage page = await browser.Open(run.Address);
        ILocator chart = page.Page.Locator(Left), plot = chart.Locator(".u-over");
        await plot.ScrollIntoViewIfNeededAsync();
        await plot.HoverAsync();
        int iteration = (int)await Value(chart.Locator(".at"));
        Assert.InRange(iteration, 2, run.NonLinear.Iterations - 1);
        for (int i = 0; i < 5; i++)
            Assert.Equal(run.NonLinear.Runs[i].Loss[iteration - 1], await Value(chart.Locator("output").Nth(i)));

        // By keyboard: the first, then one further.
        ILocator right = page.Page.Locator(Right);
        await right.Locator(".plot").FocusAsync();
        await page.Page.Keyboard.PressAsync("Home");
        await page.Page.Keyboard.PressAsync("ArrowRight");
        Assert.Equal(2, await Value(right.Locator(".at")));
        Assert.Equal(run.Amplify.Runs[4].RelativeL1[1], await Value(right.Locator("output").Nth(4)));
        Assert.Contains("Δt = 0.09: ", await right.Locator("[role=status]").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task The_cell_under_the_pointer_of_the_layer_map_is_the_one_in_the_result()
    {
        await using WatchedPage page = await browser.Open(run.Address);
        ILocator map = page.Page.Locator("#figure2 .chart").Nth(1);
        await map.Locator("select").SelectOptionAsync("8");
        await map.Locator(".u-over").ScrollIntoViewIfNeededAsync();
        await map.Locator(".u-over").HoverAsync();
        string middle = run.Divergence.Tensors[(run.Divergence.Tensors.Length - 1) / 2];
        // The axis is logarithmic from 0.5 to 5.5; 1.66 is in its middle.
        Assert.StartsWith($"{middle}, scaled iteration 2:", await map.Locator(".at").InnerTextAsync(), StringComparison.Ordinal);

        // By keyboard to the row of the tensor whose curve is Figure 2.
        await map.Locator(".plot").FocusAsync();
        int row = Array.IndexOf(run.Divergence.Tensors, run.Divergence.Tensor);
        for (int i = (run.Divergence.Tensors.Length - 1) / 2; i != row; i += Math.Sign(row - i))
            await page.Page.Keyboard.PressAsync(i < row ? "ArrowDown" : "ArrowUp");
        await page.Page.Keyboard.PressAsync("ArrowRight");
        Assert.StartsWith($"{run.Divergence.Tensor}, scaled iteration 3:", await map.Locator(".at").InnerTextAsync(),
            StringComparison.Ordinal);
        double expected = run.Divergence.Runs[1].RelativeL1[2];
        Assert.Equal(expected, await Value(map.Locator(".at")), Math.Abs(expected) * 1e-3);
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task A_series_is_switched_off_and_on_by_pointer_and_by_keyboard()
    {
        await using WatchedPage page = await browser.Open(run.Address);
        ILocator key = page.Page.Locator(Left).Locator(".key").Nth(1);
        string before = await Picture(page, Left);
        await key.ClickAsync();
        await Assertions.Expect(key).ToHaveAttributeAsync("aria-pressed", "false");
        await page.Page.Mouse.MoveAsync(0, 0);
        await WaitForOther(page, Left, before);
        await key.FocusAsync();
        await page.Page.Keyboard.PressAsync("Space");
        await Assertions.Expect(key).ToHaveAttributeAsync("aria-pressed", "true");
        await page.Page.WaitForFunctionAsync($"before => document.querySelector('{Left} canvas').toDataURL() === before", before);
    }

    [Fact]
    public async Task Axes_switch_between_logarithmic_and_linear()
    {
        await using WatchedPage page = await browser.Open(run.Address);
        ILocator button = page.Page.Locator(Left).GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "log y" });
        await Assertions.Expect(button).ToHaveAttributeAsync("aria-pressed", "true");
        string before = await Picture(page, Left);
        await button.ClickAsync();
        await Assertions.Expect(button).ToHaveAttributeAsync("aria-pressed", "false");
        await WaitForOther(page, Left, before);
        await button.ClickAsync();
        await page.Page.WaitForFunctionAsync($"before => document.querySelector('{Left} canvas').toDataURL() === before", before);
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task A_drag_zooms_and_the_button_shows_everything_again()
    {
        await using WatchedPage page = await browser.Open(run.Address);
        ILocator chart = page.Page.Locator(Left), reset =
            chart.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "reset zoom" });
        await chart.Locator(".u-over").ScrollIntoViewIfNeededAsync();
        await page.Page.Mouse.MoveAsync(0, 0);
        string before = await Picture(page, Left);
        LocatorBoundingBoxResult box = (await chart.Locator(".u-over").BoundingBoxAsync())!;
        await page.Page.Mouse.MoveAsync(box.X + (box.Width * 0.3f), box.Y + (box.Height * 0.3f));
        await page.Page.Mouse.DownAsync();
        await page.Page.Mouse.MoveAsync(box.X + (box.Width * 0.6f), box.Y + (box.Height * 0.7f), new MouseMoveOptions { Steps = 4 });
        await page.Page.Mouse.UpAsync();
        await Assertions.Expect(reset).ToBeEnabledAsync();
        await WaitForOther(page, Left, before);
        await reset.ClickAsync();
        await Assertions.Expect(reset).ToBeDisabledAsync();
        await page.Page.Mouse.MoveAsync(0, 0);
        await page.Page.WaitForFunctionAsync($"before => document.querySelector('{Left} canvas').toDataURL() === before", before);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    [InlineData(320, ColorScheme.Light)]
    public async Task Nothing_is_wider_than_the_window_and_no_text_lies_on_another(int width, ColorScheme scheme)
    {
        await using WatchedPage page = await browser.Open(run.Address, width, scheme);
        await page.Page.Locator(".chart .u-over").First.WaitForAsync();
        Assert.Equal(width, await page.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        string[] overlaps = await page.Page.EvaluateAsync<string[]>("""
            () => {
              const shows = element => getComputedStyle(element).visibility === "visible";
              const seen = element => shows(element) && !element.closest(".hidden, .skip, thead, .u-over");
              const texts = [...document.querySelectorAll("h1, h2, h3, p, dt, dd, th, td, li, .tools > *, caption, pre")]
                .filter(element => seen(element) && element.textContent.trim());
              const boxes = texts.map(element => ({ element, box: element.getBoundingClientRect() })).filter(one => one.box.width > 0 && one.box.height > 0);
              const found = [];
              for (let i = 0; i < boxes.length; i++)
                for (let j = i + 1; j < boxes.length; j++) {
                  const a = boxes[i], b = boxes[j];
                  if (a.element.contains(b.element) || b.element.contains(a.element)) continue;
                  const w = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
                  const h = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
                  if (w > 1 && h > 1) found.push(`${a.element.textContent.trim().slice(0, 40)} | ${b.element.textContent.trim().slice(0, 40)}`);
                }
              return found;
            }
            """);
        Assert.Empty(overlaps);
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task Numbers_on_the_page_follow_the_one_rule()
    {
        await using WatchedPage page = await browser.Open(run.Address);
        ILocator chart = page.Page.Locator(Left);
        await Assertions.Expect(chart.Locator("output").First).ToHaveTextAsync("");
        foreach (string selector in new[] { Left, Right, "#figure1 .chart >> nth=1" })
        {
            await page.Page.Locator(selector).Locator(".plot").FocusAsync();
            foreach (string press in new[] { "Home", "ArrowRight", "End" })
            {
                await page.Page.Keyboard.PressAsync(press);
                foreach (ILocator output in await page.Page.Locator(selector).Locator("output").AllAsync())
                {
                    if (await output.GetAttributeAsync("data-value") is { Length: > 0 } value)
                        Assert.Equal(NumberText.Of(double.Parse(value, CultureInfo.InvariantCulture)), await output.InnerTextAsync());
                }
            }
        }
    }

    [Fact]
    public async Task Runs_of_one_seed_share_a_colour_and_their_final_accuracies_lie_in_one_column()
    {
        await using WatchedPage page = await browser.Open(run.Address);
        ILocator lines = page.Page.Locator("#table1 .chart").First.Locator(".swatch path"), dots =
            page.Page.Locator("#table1 .chart").Nth(1);
        Assert.Equal(["series-0", "series-0", "series-1", "series-1"],
            await lines.EvaluateAllAsync<string[]>("paths => paths.map(path => path.getAttribute('class'))"));
        await dots.Locator(".plot").FocusAsync();
        await page.Page.Keyboard.PressAsync("Home");
        await page.Page.Keyboard.PressAsync("ArrowRight");
        Assert.StartsWith("seed 1, k = 3: ", await dots.Locator(".at").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task The_layer_map_has_a_whole_name_for_every_row_or_every_stage()
    {
        await using WatchedPage page = await browser.Open(run.Address);
        await page.Page.Locator(".chart .u-over").First.WaitForAsync();
        // uPlot draws on a canvas: what it is asked to write is listened to.
        string[] written = await page.Page.EvaluateAsync<string[]>("""
            async () => {
              const texts = [], own = CanvasRenderingContext2D.prototype.fillText;
              CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...rest) { texts.push(text); return own.call(this, text, x, y, ...rest); };
              const choice = document.querySelector("#figure2 select");
              choice.dispatchEvent(new Event("change"));
              await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
              return texts;
            }
            """);
        Assert.All(run.Divergence.Tensors, tensor => Assert.Contains(tensor, written));
    }

    [Fact]
    public async Task A_table_that_is_cut_says_so_and_on_paper_it_is_whole()
    {
        await using WatchedPage phone = await browser.Open(run.Address, 390);
        await Assertions.Expect(phone.Page.Locator("#figure2 .hint")).ToBeVisibleAsync();
        await using WatchedPage page = await browser.Open(run.Address, 1400);
        await page.Page.Locator(".chart .u-over").First.WaitForAsync();
        foreach (ILocator hint in await page.Page.Locator(".hint").AllAsync())
            await Assertions.Expect(hint).ToBeHiddenAsync();
        // The width of A4 between its margins, in CSS pixels.
        await page.Page.SetViewportSizeAsync(688, 900);
        await page.Page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        Assert.Empty(await page.Page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll("table")].filter(table => table.getBoundingClientRect().right > 689)
              .map(table => table.textContent.trim().slice(0, 60))
            """));
    }

    [Fact]
    public async Task Without_scripts_and_on_paper_the_static_figures_show()
    {
        await using WatchedPage still = await browser.Open(run.Address, scripts: false);
        await Assertions.Expect(still.Page.Locator(".static img")).ToHaveCountAsync(8);
        foreach (ILocator image in await still.Page.Locator(".static img").AllAsync())
        {
            await Assertions.Expect(image).ToBeVisibleAsync();
            Assert.InRange((await image.GetAttributeAsync("alt"))!.Length, 40, 1000);
        }

        await using WatchedPage page = await browser.Open(run.Address);
        await Assertions.Expect(page.Page.Locator(".chart .u-over")).ToHaveCountAsync(11);
        await Assertions.Expect(page.Page.Locator(".static img").First).ToBeHiddenAsync();
        await page.Page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        await Assertions.Expect(page.Page.Locator(".static img").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Page.Locator(".static ~ .charts .chart").First).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Headings_are_in_order_and_every_part_has_a_name()
    {
        await using WatchedPage page = await browser.Open(run.Address);
        await page.Page.Locator(".chart .u-over").First.WaitForAsync();
        int[] levels = await page.Page.EvaluateAsync<int[]>(
            "() => [...document.querySelectorAll('h1, h2, h3, h4')].map(heading => Number(heading.tagName[1]))");
        Assert.Equal(1, levels[0]);
        Assert.Single(levels, 1);
        Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.True(pair.Second <= pair.First + 1));
        string[] unnamed = await page.Page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll("main section, figure, [role=region], [role=group], button, a, img, table")].filter(element => {
              const label = element.getAttribute("aria-labelledby");
              const named = element.matches("button, a, table") ? element.textContent.trim()
                : (label && document.getElementById(label)?.textContent) || element.getAttribute("aria-label") || element.getAttribute("alt");
              return !named;
            }).map(element => element.outerHTML.slice(0, 80))
            """);
        Assert.Empty(unnamed);
        foreach (ILocator plot in await page.Page.Locator(".plot").AllAsync())
            Assert.NotEmpty(await page.Page.Locator($"[id='{await plot.GetAttributeAsync("aria-describedby")}']").InnerTextAsync());
        Assert.Equal("en", await page.Page.Locator("html").GetAttributeAsync("lang"));
    }

    /// <summary>A text without spaces and superscripts, which formulas have as elements.</summary>
    private static string Letters(string text) => string.Concat(text.Select(letter =>
        "⁰¹²³⁴⁵⁶⁷⁸⁹".IndexOf(letter, StringComparison.Ordinal) is >= 0 and var digit ? (char)('0' + digit) : letter == '⁻' ? '−' : letter)
        .Where(letter => !char.IsWhiteSpace(letter)));

    private static async Task<double> Value(ILocator output) =>
        double.Parse((await output.GetAttributeAsync("data-value"))!, CultureInfo.InvariantCulture);

    private static async Task<string> Picture(WatchedPage page, string chart)
    {
        await page.Page.Locator(chart).Locator(".u-over").WaitForAsync();
        await page.Page.EvaluateAsync("() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
        return await page.Page.EvaluateAsync<string>($"() => document.querySelector('{chart} canvas').toDataURL()");
    }

    private static Task<IJSHandle> WaitForOther(WatchedPage page, string chart, string before) =>
        page.Page.WaitForFunctionAsync($"before => document.querySelector('{chart} canvas').toDataURL() !== before", before);
}
