using System.Text.RegularExpressions;
using LastBit.Engines.OpenCl;
using LastBit.Tests;

namespace LastBit.SystemTests;

/// <summary>
/// What clang makes of the kernels for real GPUs: no fused instruction that the source does not spell, and subnormal numbers are kept.
/// </summary>
public sealed partial class OpenClCompileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("amdgcn-amd-amdhsa", "gfx90a")]
    [InlineData("amdgcn-amd-amdhsa", "gfx1030")]
    [InlineData("nvptx64-nvidia-nvcl", "sm_70")]
    public void No_product_is_fused_that_the_source_does_not_fuse(string target, string processor)
    {
        int kernels = KernelName().Count(OpenClProgram.Source);
        Assert.InRange(kernels, 40, 100);

        // With fma() a function of somebody else's, whatever is fused was fused by the compiler.
        string apart = Compile(target, processor, "float spelled(float, float, float);\n" + OpenClProgram.Source, "spelled");
        Assert.Equal(kernels, Entry().Count(apart));
        Assert.Empty(Fused().Matches(apart));
        Assert.Empty(Relaxed().Matches(apart));

        string whole = Compile(target, processor, OpenClProgram.Source, "__builtin_fmaf");
        Assert.NotEmpty(Fused().Matches(whole));
        Assert.Empty(Relaxed().Matches(whole));
        if (target.StartsWith("amdgcn", StringComparison.Ordinal))
        {
            Assert.Equal(kernels, SubnormalsKept().Count(whole));
            // v_mad and v_mac round twice or flush.
            Assert.DoesNotMatch(@"v_ma[dc]_\w*f32", whole);
        }

        // The test can fail: where the source lets products be fused, some are.
        string fusing = Compile(target, processor,
            "float spelled(float, float, float);\n"
                + OpenClProgram.Source.Replace("FP_CONTRACT OFF", "FP_CONTRACT ON", StringComparison.Ordinal), "spelled");
        Assert.NotEmpty(Fused().Matches(fusing));
    }

    private string Compile(string target, string processor, string source, string fma)
    {
        string from = _folder["kernels.cl"], to = _folder["kernels.s"];
        File.WriteAllText(from, source);
        string[] cpu = target.StartsWith("nvptx", StringComparison.Ordinal)
            ? ["-Xclang", "-target-cpu", "-Xclang", processor] : ["-mcpu=" + processor];
        (int Code, string Text) run;
        try
        {
            run = Programs.Start(_folder.Path, [], "clang",
                ["-x", "cl", "-cl-std=CL1.2", "-Xclang", "-finclude-default-header", "-nogpulib", "-O3", "-S", "-Dfma=" + fma,
                    "-target", target, .. cpu, from, "-o", to]);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("There is no clang here.");
            return "";
        }
        Assert.True(run.Code == 0, run.Text);
        return File.ReadAllText(to);
    }

    [GeneratedRegex(@"__kernel(?: __attribute__\(\(.*\)\))?\s+void (\w+)")]
    private static partial Regex KernelName();

    [GeneratedRegex(@"\.amdhsa_kernel |\.entry ")]
    private static partial Regex Entry();

    [GeneratedRegex(@"v_(pk_)?(fma|fmac|fmaak|fmamk|mad|mac)[a-z_]*_f(16|32|64)|\b(fma|mad)\.[a-z.]*f(32|64)")]
    private static partial Regex Fused();

    /// <summary>A flush of subnormal numbers, an approximation, or an instruction of PTX that its assembler may still fuse.</summary>
    [GeneratedRegex(@"\.ftz|\.approx|\b(add|sub|mul)\.f(32|64)|v_(rcp|rsq|sqrt|exp|log)_f32|float_denorm_mode_32 [012]")]
    private static partial Regex Relaxed();

    [GeneratedRegex(@"\.amdhsa_float_denorm_mode_32 3")]
    private static partial Regex SubnormalsKept();
}
