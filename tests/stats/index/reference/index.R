# Reference values for the index, in base R. From the root: Rscript tests/stats/index/reference/index.R
# idata.csv and imeta.csv are invented, in the form of COINr's iData and iMeta; index.csv and weights.csv are written.
setwd("tests/stats/index/reference")
made_by <- sprintf("# %s; written by index.R", sub(" Patched", "", sub(" \\(.*", "", R.version.string)))
save_reference <- function(name, rows) {
  numeric <- vapply(rows, is.double, TRUE)
  rows[numeric] <- lapply(rows[numeric], function(x) vapply(x, format, "", digits = 17))
  file <- file(paste0(name, ".csv"), open = "w")
  writeLines(made_by, file); write.csv(rows, file, row.names = FALSE, quote = FALSE); close(file)
}
data <- read.csv("idata.csv"); meta <- read.csv("imeta.csv")
leaf <- meta[meta$Type == "Indicator", ]
x <- as.matrix(data[, leaf$iCode])
squeeze <- function(v) 1 + 99 * pmin(pmax(v, 0), 1)
methods <- list(
  goalposts = function(v, m) { s <- (v - m$goalpost_lower) / (m$goalpost_upper - m$goalpost_lower)
                               squeeze(if (m$Direction > 0) s else 1 - s) },
  wide = function(v, m) { r <- (m$goalpost_upper - m$goalpost_lower) / 20
                          s <- (v - m$goalpost_lower + r) / (m$goalpost_upper - m$goalpost_lower + 2 * r)
                          squeeze(if (m$Direction > 0) s else 1 - s) },
  minmax = function(v, m) { v <- v * m$Direction; squeeze((v - min(v)) / diff(range(v))) },
  zscore = function(v, m) pmin(pmax(50 + 15 * m$Direction * as.vector(scale(v)), 1), 100),
  ranks = function(v, m) squeeze((rank(v * m$Direction) - 1) / (length(v) - 1))
)
out <- do.call(rbind, lapply(names(methods), function(name) {
  z <- sapply(seq_len(nrow(leaf)), function(j) methods[[name]](x[, j], leaf[j, ]))
  colnames(z) <- leaf$iCode
  a <- as.vector(z[, 1:3] %*% c(1, 1, 2) / 4)
  b <- sqrt(z[, 4] * z[, 5])
  data.frame(method = name, unit = substr(data$uCode, 1, 9), z, a, b, top = (a * b^2)^(1 / 3))
}))
save_reference("index", out)
z <- as.matrix(out[out$method == "goalposts", c("a1", "a2", "a3")])
share <- sweep(z, 2, colSums(z), "/")
entropy <- 1 + colSums(share * log(share)) / log(nrow(z))
pca <- prcomp(z, scale. = TRUE)$rotation[, 1]
save_reference("weights", data.frame(code = names(entropy), entropy, loading = pca * sign(sum(pca)),
                                     spread = apply(z, 2, sd)))
